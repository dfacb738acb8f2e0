import { Injectable } from '@nestjs/common';

import { type EntityManager, rowsOf, sql } from '#database';
import { type Limits, OrganizationLimits } from '#organizations';
import { queuedCount } from '#queue';

import { DeploymentErrors } from '../deployments.errors.js';

/** For so long what was counted is good enough, far below the limit. */
const KNOWN_FOR_MS = 1_000;

/**
 * Far below: so many deployments more than all API processes together can bring into one organization's queue within
 * {@link KNOWN_FOR_MS}, with what is on its way to be committed. The fastest intake that was measured is a fifth of it.
 */
const FAR = 250_000;

/** The most organizations whose room is remembered. */
const MAX_KNOWN = 10_000;

interface Room {
  left: number;
  readonly untilMs: number;
}

/**
 * Keeps an organization's queue within its limit, exactly, at next to no cost.
 *
 * Far below the limit nobody is counted: the room is read once a second, and this process subtracts what it lets in. Near the limit
 * submissions of the organization take turns, and each counts before it adds. Counting costs the shapes that wait, not the deployments.
 */
@Injectable()
export class QueueLimit {
  private readonly known = new Map<string, Room>();

  constructor(private readonly limits: OrganizationLimits) {}

  /**
   * Lets `count` more deployments in, as part of the transaction that queues them.
   *
   * @throws DomainError DEPLOYMENTS.QUEUE_LIMIT_REACHED, with the limit and how many wait
   */
  async admit(tx: EntityManager, organizationId: string, count: number): Promise<void> {
    const room = this.known.get(organizationId);
    if (room !== undefined && room.untilMs > Date.now() && room.left - count >= FAR) {
      room.left -= count;
      return;
    }
    const limits = await this.limits.read(tx, organizationId);
    const left = limits === undefined ? 0 : limits.queued - (await countQueued(tx, organizationId)) - count;
    if (left >= FAR) {
      this.remember(organizationId, left);
      return;
    }
    await this.admitOneAtATime(tx, organizationId, count);
  }

  private async admitOneAtATime(tx: EntityManager, organizationId: string, count: number): Promise<void> {
    const { queued: limit }: Limits = await this.limits.hold(tx, organizationId);
    const queued = await countQueued(tx, organizationId);
    if (queued + count > limit) throw DeploymentErrors.QUEUE_LIMIT_REACHED.because(undefined, { limit, queued });
  }

  private remember(organizationId: string, left: number): void {
    this.known.delete(organizationId);
    this.known.set(organizationId, { left, untilMs: Date.now() + KNOWN_FOR_MS });
    if (this.known.size <= MAX_KNOWN) return;
    const [oldest] = this.known.keys();
    if (oldest !== undefined) this.known.delete(oldest);
  }
}

/** How many deployments of an organization wait, over all its clusters. */
async function countQueued(tx: EntityManager, organizationId: string): Promise<number> {
  const [row] = await rowsOf(
    tx,
    sql<{ queued: number }>`
      select coalesce(sum(${queuedCount('c.id')}), 0)::float8 as queued from clusters c
      where c.organization_id = ${organizationId}`,
  );
  return row?.queued ?? 0;
}
