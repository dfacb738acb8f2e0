import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { Database, rowsOf, sql } from '#database';

/** The interval of looks, shared by all waiting requests: a pass takes longer than that. */
const LOOK_EVERY_MS = 50;

/** The most waiting requests in one process; further ones are answered at once. */
const MAX_WAITING = 1_000;

interface Waiting {
  readonly organizationId: string;
  readonly tell: () => void;
}

/**
 * Waits until deployments have left the queue. One statement at a time looks for all waiting requests, by keys; a waiting request takes no
 * connection, and there are no looks without one.
 */
@Injectable()
export class PlacementWaits {
  private readonly waiting = new Map<string, Waiting[]>();
  private count = 0;
  private isLooking = false;

  constructor(private readonly database: Database) {}

  /**
   * Waits until a deployment is not queued any more, at most `maxMs`.
   *
   * @returns whether it waited: not when too many requests wait already
   */
  async untilPlaced(organizationId: string, deploymentId: string, maxMs: number): Promise<boolean> {
    if (this.count >= MAX_WAITING) return false;
    const timeout = new AbortController();
    const { promise: placed, resolve } = Promise.withResolvers<null>();
    const mine = { organizationId, tell: () => resolve(null) };
    this.waiting.set(deploymentId, [...(this.waiting.get(deploymentId) ?? []), mine]);
    this.count += 1;
    if (!this.isLooking) void this.look();
    try {
      await Promise.race([placed, sleep(maxMs, undefined, { signal: timeout.signal }).catch(() => undefined)]);
    } finally {
      timeout.abort();
      this.count -= 1;
      this.forget(deploymentId, mine);
    }
    return true;
  }

  /** Removes a request that has ended; others may still wait for the same deployment. */
  private forget(deploymentId: string, mine: Waiting): void {
    const others = this.waiting.get(deploymentId)?.filter((waiting) => waiting !== mine) ?? [];
    if (others.length === 0) this.waiting.delete(deploymentId);
    else this.waiting.set(deploymentId, others);
  }

  private async look(): Promise<void> {
    this.isLooking = true;
    while (this.count > 0) {
      await sleep(LOOK_EVERY_MS);
      for (const id of await this.placed()) {
        this.waiting.get(id)?.forEach(({ tell }) => tell());
        this.waiting.delete(id);
      }
    }
    this.isLooking = false;
  }

  /** The awaited deployments that are not queued any more. None where the database does not answer: each request ends by its own time limit. */
  private async placed(): Promise<string[]> {
    const ids = [...this.waiting.keys()];
    const organizationIds = ids.map((id) => this.waiting.get(id)?.[0]?.organizationId ?? '');
    try {
      const rows = await rowsOf(
        this.database.reader(),
        sql<{ id: string }>`
          select wanted.id
          from unnest(${organizationIds}::uuid[], ${ids}::uuid[]) as wanted (organization_id, id)
          cross join lateral (
            select status from deployments d
            where d.organization_id = wanted.organization_id and d.id = wanted.id
            limit 1
          ) found
          where found.status <> 'queued'`,
      );
      return rows.map(({ id }) => id);
    } catch {
      return [];
    }
  }
}
