import { type EntityManager } from '#database';
import { type Role } from '#kernel';

/** Tells how many API tokens an organization may have, and how much its members' may be worth. The lib that owns organizations provides it. */
export abstract class TokenAllowance {
  /**
   * The most tokens of one organization, of members and service accounts together, that may be usable at a time. Holds the organization
   * until `tx` ends, so that those who count take turns.
   *
   * @throws DomainError when the organization does not exist
   */
  abstract hold(tx: EntityManager, organizationId: string): Promise<number>;

  /**
   * The role of a member, and null for whoever is none: all that a user's token can be worth, also an operator's. While the organization
   * is held nobody leaves it, nor is removed.
   */
  abstract roleOf(em: EntityManager, organizationId: string, userId: string): Promise<Role | null>;
}
