import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { ClusterLookup, type KnownCluster } from '#clusters';
import { Database, type EntityManager, preferIndexes, rowsOf, sql } from '#database';
import { type ClusterRef, ClusterSignals, Nudges } from '#queue';
import { type Actor, auditedBy } from '#rbac';

import { type FilterInput, toFilter } from '../filter/filter-fields.js';
import { type CancellationScope, cancelSome, covered } from './cancellations.repository.js';

/** The result of a cancellation in bulk. */
export interface BulkCancellation {
  /** How many deployments met the filter, could be cancelled, and were the actor's to cancel, when it began. */
  readonly matched: number;
  /** How many more met the filter, but were submitted by others. */
  readonly notOwned: number;
  /** How many were cancelled; none by a dry run. */
  readonly cancelled: number;
  /** How many of them still run, and have been asked to stop. */
  readonly stopping: number;
  /** Ids of some deployments that a dry run counted; none otherwise. */
  readonly sample: readonly string[];
}

/** The most ids that a dry run shows. */
export const MAX_SAMPLE = 10;

/** The most deployments that one transaction cancels: it locks them until its end. */
const CANCEL_AT_ONCE = 2_000;

/** The most deployments that are looked up at once. */
const FOUND_AT_ONCE = 100_000;

/** Time limit of a search through a long queue. The steps of the cancellation have the usual limit. */
const SEARCH_TIMEOUT_MS = 30_000;

/** How often, and after which pause, deployments that others have locked are tried again. */
const TRIES = 100;
const PAUSE_MS = 50;

interface Target extends CancellationScope {
  readonly cluster: KnownCluster;
  /** The filter as it was sent, for the audit log. */
  readonly asked: FilterInput;
}

interface Covered extends Pick<BulkCancellation, 'matched' | 'notOwned'> {
  /** When the newest match was queued: later submissions are not covered. Not the present time, which may go back. */
  readonly until: string | null;
}

type Done = Pick<BulkCancellation, 'cancelled' | 'stopping'>;

const NOTHING: Done = { cancelled: 0, stopping: 0 };

function plus(one: Done, other: Done): Done {
  return { cancelled: one.cancelled + other.cancelled, stopping: one.stopping + other.stopping };
}

/** Cancels all deployments that meet a filter, in steps of a small transaction each. */
@Injectable()
export class BulkCancellationsService {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterLookup,
    private readonly signals: ClusterSignals,
    private readonly nudges: Nudges,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Cancels the deployments of a cluster that meet a filter, or only counts them. What was cancelled before an interruption stays so, and
   * the same request again continues from there.
   *
   * No step waits for a row lock: it takes the free rows and comes back for the others. It therefore takes part in no deadlock, in whatever
   * order passes and reports lock the same rows.
   *
   * The audit log gets one entry, with the filter and the number of matches, in the transaction that cancels the first of them.
   *
   * @throws CLUSTERS.NOT_FOUND
   */
  async cancelAll(actor: Actor, ref: ClusterRef, asked: FilterInput, isDryRun: boolean): Promise<BulkCancellation> {
    const cluster = await this.clusters.read(actor, ref);
    const target = { ...ref, actor, cluster, asked, filter: toFilter(asked) };
    const { matched, notOwned, until } = await this.count(target);
    if (until === null) return { matched, notOwned, ...NOTHING, sample: [] };
    if (isDryRun) return { matched, notOwned, ...NOTHING, sample: await this.find(target, until, MAX_SAMPLE) };
    return { matched, notOwned, ...(await this.cancelInSteps(target, { matched, notOwned, until })), sample: [] };
  }

  private async cancelInSteps(target: Target, all: Covered & { until: string }): Promise<Done> {
    let done = NOTHING;
    for (let tries = 0; tries < TRIES;) {
      const ids = await this.find(target, all.until, FOUND_AT_ONCE);
      let now = NOTHING;
      for (let from = 0; from < ids.length; from += CANCEL_AT_ONCE) {
        const isFirst = done.cancelled + now.cancelled === 0;
        now = plus(now, await this.step(target, ids.slice(from, from + CANCEL_AT_ONCE), isFirst ? all : null));
      }
      done = plus(done, now);
      if (now.cancelled === ids.length && ids.length < FOUND_AT_ONCE) return done;
      if (now.cancelled > 0) continue;
      // All that is left is locked by others, which mostly end or place it.
      tries += 1;
      await sleep(PAUSE_MS);
    }
    return done;
  }

  private async count(target: Target): Promise<Covered> {
    const [row] = await this.search(
      sql<Covered>`
        select count(*) filter (where is_own)::float8 as matched, count(*) filter (where not is_own)::float8 as "notOwned",
               max(queued_at) filter (where is_own)::text as until
        from ${covered(target)}`,
    );
    return row ?? { matched: 0, notOwned: 0, until: null };
  }

  private async find(target: Target, until: string, limit: number): Promise<string[]> {
    const rows = await this.search(
      sql<{ id: string }>`
        select id from ${covered(target)} where is_own and queued_at <= ${until}::timestamptz limit ${limit}`,
    );
    return rows.map(({ id }) => id);
  }

  private async search<Row>(statement: Parameters<typeof rowsOf<Row>>[1]): Promise<Row[]> {
    return this.database.transaction((tx) => rowsOf(tx, statement), { statementTimeoutMs: SEARCH_TIMEOUT_MS });
  }

  /** @param unrecorded what is covered, until the audit log has its entry */
  private async step(target: Target, ids: readonly string[], unrecorded: Covered | null): Promise<Done> {
    const rows = await this.database.transaction(async (tx) => {
      await preferIndexes(tx);
      const cancelled = await cancelSome(tx, target, ids);
      if (cancelled.length === 0) return cancelled;
      await this.signals.announce(
        tx,
        target,
        'cancelled',
        cancelled.filter(({ change }) => change !== 0),
      );
      if (unrecorded !== null) await this.record(tx, target, unrecorded);
      return cancelled;
    });
    if (rows.length > 0) this.nudges.nudge(target.clusterId);
    return rows.reduce(plus, NOTHING);
  }

  private async record(tx: EntityManager, { actor, cluster, asked }: Target, { matched }: Covered): Promise<void> {
    await this.audit.record(tx, {
      organizationId: cluster.organizationId,
      ...auditedBy(actor),
      action: 'deployments_cancel',
      target: { kind: 'cluster', id: cluster.id, name: cluster.name },
      after: { filter: asked, matched },
    });
  }
}
