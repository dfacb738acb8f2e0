import { Migration } from '@mikro-orm/migrations';

/** What a pass leaves for the next one: a reservation, and when to look again even if nothing happens. */
export class Reservations extends Migration {
  override up(): void {
    this.addSql(`
      create table cluster_schedules (
        cluster_id uuid not null primary key,
        organization_id uuid not null,
        reservation jsonb null,
        wake_at timestamptz null,
        foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
      )`);
    this.addSql(`create index cluster_schedules_wake_index on cluster_schedules (wake_at) where wake_at is not null`);
    this.addSql(`alter table passes add column reservation jsonb null`);
    this.addSql(`alter table passes add column reservation_events jsonb not null default '[]'`);
    // When runtimes decide what can be promised, a pass reads what runs from here, without touching what ended or waits.
    this.addSql(`
      create index deployments_holding_index on deployments
        (cluster_id, priority, cpu_millis, memory_mib, gpu_millis, due_at)
        where status in ('scheduled', 'running')`);
  }
}
