import { Injectable } from '@nestjs/common';

import { type ResourceAmounts } from '#kernel';
import { type EntityManager, rowsOf, sql } from '#database';
import { type EndedAttempt, type PassContext } from '#deployments';

import { kindsOf, knownSeconds, MAX_RUNS, remembered, type RunOf, undeclaredKinds } from './history.js';

/** What one pass learns of a kind. */
interface Lesson {
  readonly kind: string;
  /** The run that the kind describes fully; null for kinds that several differ in. */
  readonly of: RunOf | null;
  /** The latest first. */
  readonly runs: number[];
}

/**
 * Learns how long runs take, in the settlement of passes, and says what is typical.
 *
 * Rows belong to one cluster, and a pass writes them under its lock: no two transactions write the same row, and nothing of one organization
 * reaches another.
 */
@Injectable()
export class RuntimeLearning {
  private readonly grown = new Set<string>();

  /** Learns from attempts that have ended, by one statement: its cost follows them. Of those that were cancelled nothing is learned. */
  async learn(
    tx: EntityManager,
    { organizationId, clusterId }: PassContext,
    ended: readonly EndedAttempt[],
  ): Promise<void> {
    const lessons = lessonsOf(ended);
    if (lessons.length === 0) return;
    const rows = await rowsOf(
      tx,
      sql<{ isNew: boolean }>`
        insert into learned_runtimes as known
          (organization_id, cluster_id, kind, member_id, image, max_runtime_seconds, runs, total, last_ended_at)
        select ${organizationId}::uuid, ${clusterId}::uuid, kind, member_id, image, max_runtime_seconds, runs::int[], total,
               statement_timestamp()
        from unnest(${lessons.map(({ kind }) => kind)}::text[], ${lessons.map(({ of }) => of?.memberId ?? null)}::uuid[],
                    ${lessons.map(({ of }) => of?.image ?? null)}::text[],
                    ${lessons.map(({ of }) => of?.maxRuntimeSeconds ?? null)}::int[],
                    ${lessons.map(({ runs }) => `{${runs.slice(0, MAX_RUNS).join()}}`)}::text[],
                    ${lessons.map(({ runs }) => runs.length)}::int[])
          as learned (kind, member_id, image, max_runtime_seconds, runs, total)
        on conflict (cluster_id, kind) do update
        set runs = (excluded.runs || known.runs)[1:${sql.lit(MAX_RUNS)}], total = known.total + excluded.total,
            last_ended_at = excluded.last_ended_at
        returning xmax = 0 as "isNew"`,
    );
    if (rows.some(({ isNew }) => isNew)) this.grown.add(organizationId);
  }

  /** The organizations of which this process has learned new kinds since the last call. */
  takeGrown(): string[] {
    const grown = [...this.grown];
    this.grown.clear();
    return grown;
  }

  /**
   * How long runs without a declared runtime took in a cluster, in seconds, the shortest first: those with the same request, or all where these are
   * too few; by the position of the request. Empty where all are too few to say anything.
   */
  async secondsOf(
    em: EntityManager,
    clusterId: string,
    requests: readonly ResourceAmounts[],
  ): Promise<readonly (readonly number[])[]> {
    if (requests.length === 0) return [];
    const known = await this.runsOf(em, clusterId, [...new Set(requests.flatMap(undeclaredKinds))]);
    const byRequest = new Map<string, readonly number[]>();
    return requests.map((request) => {
      const key = undeclaredKinds(request).join();
      const seconds = byRequest.get(key) ?? knownSeconds(request, (kind) => known.get(kind));
      byRequest.set(key, seconds);
      return seconds;
    });
  }

  /** The latest runs of kinds in a cluster, by kind. The caller has checked that the reader may see the cluster. */
  async runsOf(
    em: EntityManager,
    clusterId: string,
    kinds: readonly string[],
  ): Promise<ReadonlyMap<string, readonly number[]>> {
    const rows = await rowsOf(
      em,
      sql<{ kind: string; runs: number[] }>`
        select kind, runs from learned_runtimes where cluster_id = ${clusterId} and kind = any(${[...kinds]}::text[])`,
    );
    return new Map(rows.map(({ kind, runs }) => [kind, runs]));
  }
}

/** What is learned, in the order of kinds: every transaction that locks several rows does so in that order. */
function lessonsOf(ended: readonly EndedAttempt[]): readonly Lesson[] {
  const lessons = new Map<string, Lesson>();
  for (const attempt of ended) {
    const { ranSeconds, maxRuntimeSeconds } = attempt;
    if (ranSeconds === null) continue;
    const [full, ...others] = kindsOf(attempt);
    for (const kind of [full, ...others]) {
      const lesson = lessons.get(kind) ?? { kind, of: kind === full ? attempt : null, runs: [] };
      lesson.runs.push(remembered(ranSeconds, maxRuntimeSeconds));
      lessons.set(kind, lesson);
    }
  }
  return [...lessons.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1));
}
