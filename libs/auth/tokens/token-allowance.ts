import { type EntityManager } from '#database';
import { type Role } from '#kernel';

/** Limits the API tokens of an organization, in number and in role. The lib that owns organizations provides it. */
export abstract class TokenAllowance {
  /**
   * The most tokens of one organization, of members and service accounts together, that may be usable at a time. Locks the organization
   * until `tx` ends, so that transactions count in turn.
   *
   * @throws DomainError when the organization does not exist
   */
  abstract hold(tx: EntityManager, organizationId: string): Promise<number>;

  /**
   * The role of a member, otherwise null: the most that a user's token can grant, also an operator's. While the organization is locked no
   * member leaves or is removed.
   */
  abstract roleOf(em: EntityManager, organizationId: string, userId: string): Promise<Role | null>;
}
