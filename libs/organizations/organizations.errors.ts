import { defineErrors } from '#http';

/** Errors of organizations and members. That an organization is not found is said by rbac, before anything here runs. */
export const OrganizationErrors = defineErrors('ORGANIZATIONS', {
  IN_USE: {
    kind: 'conflict',
    title: 'Organization is in use',
    explanation:
      'Deployments of the organization wait, run or still hold resources: `queued` says how many wait, `clusters` in how many clusters there is work, `clusterIds` names some. Drain or cordon the clusters, let what runs end or cancel it, cancel what waits, then delete.',
  },
  LIMIT_REACHED: {
    kind: 'conflict',
    title: 'Too many organizations',
    explanation: 'You have created as many organizations as one user may have; `limit` says how many.',
  },
  MEMBER_LIMIT_REACHED: {
    kind: 'conflict',
    title: 'Too many members',
    explanation: 'The organization has as many members as it may; `limit` says how many. Ask an operator for more.',
  },
  BYTES_LIMIT_REACHED: {
    kind: 'conflict',
    title: 'Too many stored bytes',
    explanation:
      'The deployments of the organization would take more bytes than they may: `limit` is the most, `bytes` what they take now, `needed` what would come to it. Without `bytes`, it is the limit of all organizations of the user that has created this one. Deployments free their bytes when retention removes them; ask an operator for a higher limit.',
  },
});

/** Errors of members. */
export const MemberErrors = defineErrors('MEMBERS', {
  NOT_FOUND: {
    kind: 'not-found',
    title: 'No such member',
    explanation: 'No user with this id is a member of the organization.',
  },
  LAST_ADMIN: {
    kind: 'conflict',
    title: 'Last admin',
    explanation:
      'The organization would be left without an admin who can sign in. Make another member admin first, or delete the organization.',
  },
});

/** Errors of invites. */
export const InviteErrors = defineErrors('INVITES', {
  NOT_FOUND: {
    kind: 'not-found',
    title: 'Invite not found',
    explanation:
      'No invite has this code, or this id in the organization. Codes have 28 letters and digits; hyphens, spaces and case do not matter.',
  },
  EXPIRED: {
    kind: 'gone',
    title: 'Invite expired',
    explanation: 'The time in which this code could be used is over. Ask an admin for a new one.',
  },
  REVOKED: {
    kind: 'gone',
    title: 'Invite revoked',
    explanation:
      'The code was revoked, or its maker is no longer an admin of the organization. Ask an admin for a new one.',
  },
  EXHAUSTED: {
    kind: 'gone',
    title: 'Invite used up',
    explanation: 'The code has been used as often as it may. Ask an admin for a new one.',
  },
  MEMBER_REMOVED: {
    kind: 'gone',
    title: 'Removed after this invite',
    explanation:
      'An admin removed you from the organization after this code was made. Ask an admin for a new one: it admits you again.',
  },
  LIMIT_REACHED: {
    kind: 'conflict',
    title: 'Too many invites',
    explanation:
      'The organization has as many invites that can still be used as it may; `limit` says how many. Revoke one first.',
  },
});
