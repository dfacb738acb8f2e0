import { Migration } from '@mikro-orm/migrations';

/**
 * Deployments that have been asked to stop and keep their resources meanwhile, and those that gave way to a higher priority.
 *
 * The release before runs on beside this one: nothing that it writes is refused, and what it does not know is null or has a default. So a
 * row that it takes out of `stopping` may keep what its stop was about. Constraints are validated by the next migration.
 */
export class Stopping extends Migration {
  override up(): void {
    this.addSql(`
      alter table deployments
        add column preemptions int not null default 0,
        add column stop_asked_at timestamptz null,
        add column stop_cause text null,
        add column stop_outcome text null,
        add column stop_report text null,
        drop constraint deployments_status_check,
        add constraint deployments_status_check check (status in ('queued', 'scheduled', 'running', 'stopping', 'retrying',
          'succeeded', 'failed', 'cancelled', 'timed_out', 'expired')) not valid,
        add constraint deployments_preemptions_check check (preemptions >= 0) not valid,
        add constraint deployments_stop_cause_check check (stop_cause in ('cancelled', 'max-runtime', 'preempted')) not valid,
        add constraint deployments_stop_outcome_check check (stop_outcome in ('cancelled', 'timed_out', 'queued')) not valid,
        add constraint deployments_stop_report_check check (stop_report in ('succeeded', 'failed')) not valid,
        add constraint deployments_stopping_check
          check (status <> 'stopping' or num_nulls(stop_asked_at, stop_cause, stop_outcome, due_at) = 0) not valid`);
    // By when a runtime is to have stopped; for whom an attempt gave way, and the seconds that it had run for nothing.
    this.addSql(`
      alter table deployment_events
        add column until timestamptz null,
        add column preemptor_id uuid null,
        add column preemptor_priority smallint null,
        add column lost_seconds int null`);
  }
}

/** The checks of the migration before, for rows from before it, and the index of what holds resources with what is stopping. */
export class StoppingIndexes extends Migration {
  override isTransactional(): boolean {
    return false;
  }

  override up(): void {
    for (const check of ['status', 'preemptions', 'stop_cause', 'stop_outcome', 'stop_report', 'stopping']) {
      this.addSql(`alter table deployments validate constraint deployments_${check}_check`);
    }
    this.addSql(`drop index concurrently if exists deployments_holders_index`);
    // Its predicate follows from that of the index before: the release before reads by this one as well.
    this.addSql(`
      create index concurrently deployments_holders_index
        on deployments (cluster_id, priority, cpu_millis, memory_mib, gpu_millis, due_at, status)
        where status in ('scheduled', 'running', 'stopping')`);
    this.addSql(`drop index concurrently if exists deployments_holding_index`);
  }
}
