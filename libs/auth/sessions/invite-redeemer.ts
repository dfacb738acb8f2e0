import { type EntityManager } from '#database';
import { type ErrorEntry } from '#http';

/** Adds a new user to an organization in the transaction of the registration. The lib that owns invites provides it. */
export abstract class InviteRedeemer {
  /** Makes the user a member, with the role that the code carries. @throws DomainError one of {@link INVITE_REFUSALS} */
  abstract redeem(tx: EntityManager, code: string, userId: string): Promise<void>;
}

/** The refusals of a redeemer. The lib that provides it declares these codes; here they only document the answers of a registration. */
export const INVITE_REFUSALS: readonly ErrorEntry[] = [
  { code: 'INVITES.NOT_FOUND', status: 404, title: 'Invite not found', explanation: '' },
  { code: 'INVITES.EXPIRED', status: 410, title: 'Invite expired', explanation: '' },
  { code: 'INVITES.REVOKED', status: 410, title: 'Invite revoked', explanation: '' },
  { code: 'INVITES.EXHAUSTED', status: 410, title: 'Invite used up', explanation: '' },
];
