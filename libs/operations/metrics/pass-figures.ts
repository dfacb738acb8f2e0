import { type EntityManager, exactlyOne, rowsOf, sql } from '#database';
import { LATENCY_BUCKETS_MS } from '#scheduler';

import { type Exposition } from './exposition.js';

const MS_PER_SECOND = 1_000;

/** One more than bounds: the last bucket has no bound. */
const BUCKETS = LATENCY_BUCKETS_MS.length + 1;

interface PassFigures {
  readonly passes: number;
  readonly optimal: number;
  readonly placed: number;
  readonly released: number;
  readonly timedOut: number;
  readonly preempted: number;
  readonly lostSeconds: number;
  readonly settleMs: number;
  readonly snapshotMs: number;
  readonly planMs: number;
  readonly applyMs: number;
  readonly waitsMs: number;
  readonly turnsMs: number;
  readonly waits: readonly number[];
  readonly turns: readonly number[];
}

/** Totals of the passes of all clusters, deleted ones included. */
export async function readPasses(tx: EntityManager): Promise<PassFigures> {
  const rows = await rowsOf(
    tx,
    sql<PassFigures>`
      select coalesce(sum(passes), 0)::float8 as passes, coalesce(sum(optimal), 0)::float8 as optimal,
             coalesce(sum(placed), 0)::float8 as placed, coalesce(sum(released), 0)::float8 as released,
             coalesce(sum(timed_out), 0)::float8 as "timedOut", coalesce(sum(preempted), 0)::float8 as preempted,
             coalesce(sum(lost_seconds), 0)::float8 as "lostSeconds", coalesce(sum(settle_ms), 0) as "settleMs",
             coalesce(sum(snapshot_ms), 0) as "snapshotMs", coalesce(sum(plan_ms), 0) as "planMs",
             coalesce(sum(apply_ms), 0) as "applyMs", coalesce(sum(waits_ms), 0) as "waitsMs",
             coalesce(sum(turns_ms), 0) as "turnsMs",
             array(select coalesce(sum(t.waits[i]), 0)::float8 from generate_series(1, ${BUCKETS}::int) i
                   left join pass_totals t on true group by i order by i) as waits,
             array(select coalesce(sum(t.turns[i]), 0)::float8 from generate_series(1, ${BUCKETS}::int) i
                   left join pass_totals t on true group by i order by i) as turns
      from pass_totals`,
  );
  return exactlyOne(rows);
}

/** Writes the figures of passes. */
export function exposePasses(to: Exposition, passes: PassFigures): void {
  const bounds = LATENCY_BUCKETS_MS.map((ms) => ms / MS_PER_SECOND);
  to.counter('stowage_passes_total', 'Passes, by whether their plan is proven optimal.', [
    { labels: { optimal: 'true' }, value: passes.optimal },
    { labels: { optimal: 'false' }, value: passes.passes - passes.optimal },
  ]);
  to.counter('stowage_placed_total', 'Attempts that passes have scheduled.', passes.placed);
  to.counter('stowage_released_total', 'Attempts whose resources passes have taken back.', passes.released);
  to.counter('stowage_timed_out_total', 'Deployments that ran for as long as they declared.', passes.timedOut);
  to.counter(
    'stowage_preemptions_total',
    'Deployments that were preempted, or asked to stop for a preemptor.',
    passes.preempted,
  );
  to.counter(
    'stowage_preempted_seconds_total',
    'Seconds that preempted attempts had run: lost work.',
    passes.lostSeconds,
  );
  to.counter(
    'stowage_pass_seconds_total',
    'Time spent in passes, by stage.',
    Object.entries({
      settle: passes.settleMs,
      snapshot: passes.snapshotMs,
      plan: passes.planMs,
      apply: passes.applyMs,
    }).map(([stage, ms]) => ({ labels: { stage }, value: ms / MS_PER_SECOND })),
  );
  to.histogram('stowage_scheduled_after_seconds', 'From submission until scheduled, of first attempts.', bounds, [
    { labels: {}, counts: passes.waits, sum: passes.waitsMs / MS_PER_SECOND },
  ]);
  to.histogram(
    'stowage_next_start_after_seconds',
    'From an end until a pass has allocated its resources to others.',
    bounds,
    [{ labels: {}, counts: passes.turns, sum: passes.turnsMs / MS_PER_SECOND }],
  );
}
