import { Injectable } from '@nestjs/common';

import { type BackgroundTask, BackgroundTasks } from '#background';
import { Settings } from '#config';
import { changesOf, Database, rowsOf, sql } from '#database';

import { RuntimeLearning } from './runtime-learning.js';

/** The most kinds of runs that are remembered of one organization: some megabytes. */
const MAX_KINDS = 20_000;

const BATCH = 2_000;

/** Removing takes at most 1/SHARE of the time. */
const SHARE = 10;

const EVERY_MS = 60_000;

/** One of this number of rounds looks at every organization, the others at those that have grown. */
const FULL_ROUND = 60;

/** Removes what was learned of runs long ago, of deleted clusters, and of the kinds beyond the most that an organization has. */
@Injectable()
export class RuntimeRetention {
  private readonly task: BackgroundTask;
  private rounds = 0;
  /** Tests set a smaller number. */
  protected readonly mostKinds: number = MAX_KINDS;

  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly learning: RuntimeLearning,
    tasks: BackgroundTasks,
  ) {
    this.task = tasks.add({ name: 'removing learned runtimes', run: () => this.next(), pauseMs: EVERY_MS });
  }

  /** Removes everything that is too old or too much. */
  async round(): Promise<void> {
    await this.removeAll(sql`delete from learned_runtimes where (cluster_id, kind) in (
      select l.cluster_id, l.kind from learned_runtimes l join clusters c
        on c.organization_id = l.organization_id and c.id = l.cluster_id
      where c.deleted_at is not null
        or l.last_ended_at < now() - interval '1 day' * ${this.settings.runtimeRetentionDays}::int
      limit ${BATCH})`);
    const crowded = await rowsOf(
      this.database.reader(),
      sql<{
        id: string;
      }>`select organization_id as id from learned_runtimes group by 1 having count(*) > ${this.mostKinds}`,
    );
    for (const { id } of crowded) await this.trim(id);
  }

  private async next(): Promise<void> {
    const grown = this.learning.takeGrown();
    if (this.rounds++ % FULL_ROUND === 0) return this.round();
    for (const id of grown) await this.trim(id);
  }

  /** Removes the kinds of an organization of which the longest ago something ended. */
  private async trim(organizationId: string): Promise<void> {
    await this.removeAll(sql`delete from learned_runtimes where (cluster_id, kind) in (
      select cluster_id, kind from (
        select cluster_id, kind from learned_runtimes where organization_id = ${organizationId}
        order by last_ended_at desc, kind offset ${this.mostKinds}) beyond
      limit ${BATCH})`);
  }

  private async removeAll(batch: ReturnType<typeof sql>): Promise<void> {
    const remove = (): Promise<number> => changesOf(this.database.reader(), batch);
    while (!this.task.signal.aborted && (await this.task.paced(SHARE, remove)) === BATCH);
  }
}
