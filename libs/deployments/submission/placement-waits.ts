import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { Database, rowsOf, sql } from '#database';

/** So often somebody looks, for all who wait: a pass takes longer than that. */
const LOOK_EVERY_MS = 50;

/** The most that wait in one process; whoever comes then is answered at once. */
const MAX_WAITING = 1_000;

interface Waiting {
  readonly organizationId: string;
  readonly tell: () => void;
}

/**
 * Waits until deployments have left the queue. However many wait, one statement at a time looks for all of them, by their keys; nobody holds a
 * connection, and nobody looks when nobody waits.
 */
@Injectable()
export class PlacementWaits {
  private readonly waiting = new Map<string, Waiting[]>();
  private count = 0;
  private isLooking = false;

  constructor(private readonly database: Database) {}

  /**
   * Waits until a deployment does not wait in the queue, at most so long.
   *
   * @returns whether it was waited for at all: not when too many wait already
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

  /** Whoever has given up is looked for no more, though others wait on. */
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

  /** Those of the waiting that are not queued any more. Where the database does not answer, none: each gives up in its own time. */
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
