import { setTimeout as sleep } from 'node:timers/promises';

import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';

import { changesOf, Database, sql } from '#database';
import { type PassContext } from '#deployments';
import { AfterPass, BackgroundPlanner, type PassResult, plannerTask } from '#scheduler';

import { type PackedSurvey } from './queue-survey.js';
import type { survey } from './survey.task.js';

const SURVEY = plannerTask<typeof survey>(new URL('./survey.task.js', import.meta.url), 'survey');

/** So long nothing is done for a cluster after a pass: what the next pass leaves is all that matters, and it often follows at once. */
const PAUSE_MS = 50;

/** Of the time, surveys take at most one part in so many. */
const SHARE = 20;

/** After a survey the next one waits no longer than this. */
const MAX_REST_MS = 5_000;

/**
 * Keeps what is known of each queue's blockers current: after the passes, beside them, and never in their transactions or threads.
 *
 * What a pass left is surveyed as the pass saw it, so that nothing is read again. Of several passes on a cluster only the newest counts.
 */
@Injectable()
export class BlockerKeeper implements BeforeApplicationShutdown {
  private readonly logger = new Logger(BlockerKeeper.name);
  private readonly stopping = new AbortController();
  /** Of each cluster what its newest pass left that nobody has surveyed yet. */
  private readonly waiting = new Map<string, PassResult>();
  private isWorking = false;
  private working: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly planner: BackgroundPlanner,
    afterPass: AfterPass,
  ) {
    afterPass.subscribe((result) => this.keep(result));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.working;
  }

  /** To be called when a pass has committed. Returns at once. */
  keep(remains: PassResult): void {
    if (this.stopping.signal.aborted) return;
    this.waiting.set(remains.pass.clusterId, remains);
    if (!this.isWorking) this.working = this.work();
  }

  private async work(): Promise<void> {
    this.isWorking = true;
    try {
      await this.rest(PAUSE_MS);
      for (let next = this.next(); next !== null; next = this.next()) {
        const startedMs = performance.now();
        await this.survey(next);
        await this.rest(Math.min((performance.now() - startedMs) * (SHARE - 1) + PAUSE_MS, MAX_REST_MS));
      }
    } finally {
      // In the same turn in which nothing was left: whoever comes now begins anew.
      this.isWorking = false;
    }
  }

  private next(): PassResult | null {
    const [first] = this.waiting.values();
    if (first === undefined || this.stopping.signal.aborted) return null;
    this.waiting.delete(first.pass.clusterId);
    return first;
  }

  private async survey({ pass, snapshot, plan, stops }: PassResult): Promise<void> {
    try {
      const { signal } = this.stopping;
      const survey = await this.planner.ask(SURVEY, { snapshot, plan, stops }, signal);
      await this.write(pass, snapshot.nowMs, survey);
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.logger.warn(`what keeps the queue of cluster ${pass.clusterId} is not up to date: ${String(error)}`);
    }
  }

  /** Replaces what an earlier pass left; passes on a cluster take turns, so that their times tell which is newer. */
  private async write(
    { organizationId, clusterId, passId }: PassContext,
    asOfMs: number,
    { shapes, waiting, bytes }: PackedSurvey,
  ): Promise<void> {
    await changesOf(
      this.database.reader(),
      sql`insert into cluster_blockers as kept (cluster_id, organization_id, pass_id, as_of, shapes, waiting, blockers)
          select c.id, c.organization_id, ${passId}, to_timestamp(${asOfMs}::float8 / 1000), ${shapes}, ${waiting},
                 ${Buffer.from(bytes)}::bytea
          from clusters c where c.organization_id = ${organizationId} and c.id = ${clusterId} and c.deleted_at is null
          on conflict (cluster_id) do update set pass_id = excluded.pass_id, as_of = excluded.as_of,
            shapes = excluded.shapes, waiting = excluded.waiting, blockers = excluded.blockers
          where (kept.as_of, kept.pass_id) < (excluded.as_of, excluded.pass_id)`,
    );
  }

  private async rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
