import { Injectable } from '@nestjs/common';

import { type EntityManager, rowsOf, sql } from '#database';
import { KnownRooms, type Limits, OrganizationLimits } from '#organizations';
import { queuedCount } from '#queue';

import { DeploymentErrors } from '../deployments.errors.js';

/**
 * Far below the limit: more room than all API processes together can fill within a second, including open transactions. The fastest
 * measured intake is a fifth of it.
 */
const FAR = 250_000;

/**
 * Enforces the limit of an organization's queue exactly, at almost no cost.
 *
 * Far below the limit the room is read once a second, and this process subtracts what it admits. Near the limit submissions of the
 * organization take turns, and each one counts before it adds. The cost of counting follows shapes, not deployments.
 */
@Injectable()
export class QueueLimit {
  private readonly known = new KnownRooms(FAR);

  constructor(private readonly limits: OrganizationLimits) {}

  /**
   * Admits `count` more deployments, as part of the transaction that queues them.
   *
   * @throws DomainError DEPLOYMENTS.QUEUE_LIMIT_REACHED, with the limit and the number of queued deployments
   */
  async admit(tx: EntityManager, organizationId: string, count: number): Promise<void> {
    if (this.known.take(organizationId, count)) return;
    const limits = await this.limits.read(tx, organizationId);
    const left = limits === undefined ? 0 : limits.queued - (await countQueued(tx, organizationId)) - count;
    if (this.known.remember(organizationId, left)) return;
    await this.admitOneAtATime(tx, organizationId, count);
  }

  private async admitOneAtATime(tx: EntityManager, organizationId: string, count: number): Promise<void> {
    const { queued: limit }: Limits = await this.limits.lock(tx, organizationId);
    const queued = await countQueued(tx, organizationId);
    if (queued + count > limit) throw DeploymentErrors.QUEUE_LIMIT_REACHED.because(undefined, { limit, queued });
  }
}

/** The number of queued deployments of an organization, over all its clusters. */
async function countQueued(tx: EntityManager, organizationId: string): Promise<number> {
  const [row] = await rowsOf(
    tx,
    sql<{ queued: number }>`
      select coalesce(sum(${queuedCount('c.id')}), 0)::float8 as queued from clusters c
      where c.organization_id = ${organizationId}`,
  );
  return row?.queued ?? 0;
}
