import { Injectable } from '@nestjs/common';

import { changesOf, Database, sql } from '#database';
import { AfterPassQueue, BackgroundPlannerPool, type PassResult, plannerTask } from '#scheduler';

import type { report } from './report.task.js';

const REPORT = plannerTask<typeof report>(new URL('./report.task.js', import.meta.url), 'report');

/**
 * Keeps what is known of each queue's blockers current: after the passes, and never in their transactions or threads. A pass's result is
 * described as the pass saw it: nothing is read again.
 */
@Injectable()
export class BlockerCacheWriter {
  constructor(
    private readonly database: Database,
    private readonly planner: BackgroundPlannerPool,
    afterPass: AfterPassQueue,
  ) {
    afterPass.add({ name: 'the report of blockers', handle: (result, signal) => this.write(result, signal) });
  }

  /** Replaces what an earlier pass left; passes on a cluster take turns, so that their times tell which is newer. */
  private async write({ pass, snapshot, plan, stops }: PassResult, signal: AbortSignal): Promise<void> {
    const { organizationId, clusterId, passId } = pass;
    const { shapes, waiting, bytes } = await this.planner.ask(REPORT, { snapshot, plan, stops }, { signal });
    await changesOf(
      this.database.reader(),
      sql`insert into cluster_blockers as kept (cluster_id, organization_id, pass_id, as_of, shapes, waiting, blockers)
          select c.id, c.organization_id, ${passId}, to_timestamp(${snapshot.nowMs}::float8 / 1000), ${shapes}, ${waiting},
                 ${Buffer.from(bytes)}::bytea
          from clusters c where c.organization_id = ${organizationId} and c.id = ${clusterId} and c.deleted_at is null
          on conflict (cluster_id) do update set pass_id = excluded.pass_id, as_of = excluded.as_of,
            shapes = excluded.shapes, waiting = excluded.waiting, blockers = excluded.blockers
          where (kept.as_of, kept.pass_id) < (excluded.as_of, excluded.pass_id)`,
    );
  }
}
