import { defineEntity, p } from '#database';

/**
 * What all passes of a cluster have done, summed up: counters for metrics, which never fall. Written by passes only, under the cluster's
 * row lock.
 *
 * `waits` and `turns` are counts by bucket of `LATENCY_BUCKETS_MS`: how long first attempts waited from their submission, and how long
 * it took from an end until a pass that it made room for placed something.
 */
export const PassTotalsSchema = defineEntity({
  name: 'PassTotals',
  tableName: 'pass_totals',
  properties: {
    clusterId: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    passes: p.bigint('number'),
    optimal: p.bigint('number'),
    placed: p.bigint('number'),
    released: p.bigint('number'),
    timedOut: p.bigint('number'),
    preempted: p.bigint('number').defaultRaw('0'),
    lostSeconds: p.bigint('number').defaultRaw('0'),
    settleMs: p.double().columnType('float8'),
    snapshotMs: p.double().columnType('float8'),
    planMs: p.double().columnType('float8'),
    applyMs: p.double().columnType('float8'),
    waits: p.array<number>().columnType('bigint[]'),
    waitsMs: p.double().columnType('float8'),
    turns: p.array<number>().columnType('bigint[]'),
    turnsMs: p.double().columnType('float8'),
  },
});
