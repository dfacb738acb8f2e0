import { defineErrors } from '#http';

/** The refusals of the guard. */
export const RbacErrors = defineErrors('RBAC', {
  ROLE_TOO_LOW: {
    kind: 'forbidden',
    title: 'Role is too low',
    explanation: 'You belong to the organization, but this needs the higher role `requiredRole`; yours is `role`.',
  },
  NOT_OWNER: {
    kind: 'forbidden',
    title: 'Not yours',
    detail: 'This takes the role admin, unless you made the object.',
    explanation: 'Below the role admin, this is for objects that you made.',
  },
  SCOPE_TOO_NARROW: {
    kind: 'forbidden',
    title: 'Outside of the scope',
    explanation: 'The service account has a scope instead of a role, given in `scope`, and this is not part of it.',
  },
  SESSION_REQUIRED: {
    kind: 'forbidden',
    title: 'Not for API tokens',
    detail: 'This takes a person who is signed in: send the access token of a sign-in, not an API token.',
    explanation:
      'This is for users with a session: an API token could gain more by it than the token grants, or for longer. What gives access that lasts (a token, an invite, a service account, a role) takes a session.',
  },
  OPERATOR_REQUIRED: {
    kind: 'forbidden',
    title: 'For operators only',
    detail: 'This takes an operator of the installation, and you are none.',
    explanation: 'This concerns the whole installation, and only its operators may do it.',
  },
});
