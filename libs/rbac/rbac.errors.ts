import { defineErrors } from '#http';

/** What the guard refuses. */
export const RbacErrors = defineErrors('RBAC', {
  ROLE_TOO_LOW: {
    kind: 'forbidden',
    title: 'Role is too low',
    explanation:
      'You belong to the organization, but this needs a higher role: `requiredRole` says which, `role` is yours.',
  },
  NOT_OWNER: {
    kind: 'forbidden',
    title: 'Not yours',
    detail: 'This takes the role admin, unless you made it yourself.',
    explanation: 'Below the role admin, this may be done only to what one made oneself.',
  },
  SCOPE_TOO_NARROW: {
    kind: 'forbidden',
    title: 'Outside of the scope',
    explanation:
      'The service account holds a scope instead of a role, and this is not part of it. `scope` says which it holds.',
  },
  SESSION_REQUIRED: {
    kind: 'forbidden',
    title: 'Not for API tokens',
    detail: 'This takes a person who is signed in: send the access token of a sign-in, not an API token.',
    explanation: 'This is for people who are signed in: an API token could gain more by it than it is worth.',
  },
  OPERATOR_REQUIRED: {
    kind: 'forbidden',
    title: 'For operators only',
    detail: 'This takes an operator of the installation, and you are none.',
    explanation: 'This concerns the whole installation, and only its operators may do it.',
  },
});
