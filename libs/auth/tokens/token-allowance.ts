import { type EntityManager } from '#database';

/** Tells how many API tokens an organization may have. The lib that owns organizations provides it. */
export abstract class TokenAllowance {
  /**
   * The most tokens of one organization, of members and service accounts together, that may be usable at a time. Holds the organization
   * until `tx` ends, so that those who count take turns.
   *
   * @throws DomainError when the organization does not exist
   */
  abstract hold(tx: EntityManager, organizationId: string): Promise<number>;
}
