import { Migration } from '@mikro-orm/migrations';

/**
 * Attempts that are made again after a failure, and deployments that wait no longer than they want to.
 *
 * `due_at` is the time at which a pass must act, whatever the status: the end of the queue timeout, of the declared runtime, or of the
 * pause before a retry.
 */
export class Attempts extends Migration {
  override up(): void {
    this.addSql(`
      alter table deployments
        add column queue_timeout_seconds int not null default 0,
        add column max_retries smallint not null default 0,
        add column retries smallint not null default 0,
        drop constraint deployments_status_check,
        drop constraint deployments_ended_check,
        add constraint deployments_status_check
          check (status in ('queued', 'scheduled', 'running', 'retrying', 'succeeded', 'failed', 'cancelled', 'timed_out', 'expired')),
        add constraint deployments_ended_check
          check ((status in ('succeeded', 'failed', 'cancelled', 'timed_out', 'expired')) = (ended_at is not null)),
        add constraint deployments_queue_timeout_seconds_check check (queue_timeout_seconds >= 0),
        add constraint deployments_retries_check check (retries between 0 and max_retries)`);
    // An attempt that will be made again holds its resources, too, until a pass has taken them back.
    this.addSql(`drop index deployments_unsettled_index`);
    this.addSql(`
      create index deployments_unsettled_index on deployments (cluster_id, id)
        where (ended_at is not null or status = 'retrying') and released_at is null`);
    // By cluster, so that a pass does not read past what is due elsewhere; the sweep goes from cluster to cluster.
    this.addSql(`drop index deployments_due_index`);
    this.addSql(`create index deployments_due_index on deployments (cluster_id, due_at) where due_at is not null`);
    // What is between two attempts neither waits nor holds, and is still not over: a cluster that is deleted must find it.
    this.addSql(`create index deployments_retrying_index on deployments (cluster_id, id) where status = 'retrying'`);
  }
}
