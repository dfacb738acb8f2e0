import { Migration } from '@mikro-orm/migrations';

/** What passes leave of preemption: who is to start when what was preempted has stopped, and counts of both. */
export class Preemption extends Migration {
  override up(): void {
    // Null: the release before has written the row, and knows of no claims.
    this.addSql(`alter table cluster_schedules add column claims jsonb null`);
    this.addSql(`alter table passes add column preempted int not null default 0`);
    this.addSql(`
      alter table pass_totals
        add column preempted bigint not null default 0,
        add column lost_seconds bigint not null default 0`);
  }
}

/** The indexes of what may be given up, of what stops, and of what was lost. */
export class PreemptionIndexes extends Migration {
  override isTransactional(): boolean {
    return false;
  }

  override up(): void {
    // A pass reads of what runs only what it may give up, from the lowest priority, the youngest first, whatever else runs.
    this.addSql(`drop index concurrently if exists deployments_preemptible_index`);
    this.addSql(`
      create index concurrently deployments_preemptible_index
        on deployments (cluster_id, priority, scheduled_at desc, id)
        where is_preemptible and status in ('scheduled', 'running', 'stopping')`);
    this.addSql(`drop index concurrently if exists deployments_stopping_index`);
    this.addSql(`
      create index concurrently deployments_stopping_index on deployments (cluster_id, id) where status = 'stopping'`);
    this.addSql(`drop index concurrently if exists deployment_events_lost_index`);
    this.addSql(`
      create index concurrently deployment_events_lost_index
        on deployment_events (cluster_id, at) where lost_seconds is not null`);
  }
}
