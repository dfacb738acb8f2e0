/**
 * A plugin of Swagger UI, as the text of a script: signing in on the page authorizes it, signing out ends that, and so does a token that the
 * API no longer takes; the dialog then opens and says so.
 */
export const AUTHORIZATION_PLUGIN = String.raw`const AuthorizationPlugin = () => {
  const SIGNS_IN = ['/v1/auth/register', '/v1/auth/login', '/v1/auth/refresh'];
  const ENDED = 'The token is no longer accepted: it has expired, its session has ended, or it was revoked. ' +
    'Sign in with loginUser, which authorizes this page, or enter another token.';

  const authorize = ({ authActions, errActions, specSelectors }, token) => {
    const schema = specSelectors.securityDefinitions().get('bearer');
    errActions.clear({ source: 'auth' });
    authActions.authorizeWithPersistOption({ bearer: { name: 'bearer', schema, value: token } });
  };
  const end = ({ authActions }) => authActions.logoutWithPersistOption(['bearer']);
  const endAndSay = (system) => {
    end(system);
    system.errActions.clear({ source: 'auth' });
    system.errActions.newAuthErr({ authId: 'bearer', source: 'auth', level: 'warning', message: ENDED });
    system.authActions.showDefinitions(system.authSelectors.definitionsToAuthorize());
  };

  return {
    statePlugins: {
      spec: {
        wrapActions: {
          setResponse: (original, system) => (path, method, response) => {
            if (response.ok && SIGNS_IN.includes(path)) authorize(system, response.body.accessToken);
            if (response.ok && path === '/v1/auth/logout') end(system);
            const refusal = response.err?.response;
            const isAuthorized = system.authSelectors.authorized().has('bearer');
            if (isAuthorized && refusal?.status === 401 && refusal.text.includes('"AUTH.UNAUTHENTICATED"')) endAndSay(system);
            return original(path, method, response);
          },
        },
      },
      auth: {
        wrapActions: {
          authorize: (original, { errActions }) => (payload) => {
            errActions.clear({ source: 'auth' });
            return original(payload);
          },
        },
      },
    },
  };
};
`;
