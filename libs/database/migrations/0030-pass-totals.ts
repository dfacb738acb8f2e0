import { Migration } from '@mikro-orm/migrations';

/** Running totals of what passes do, per cluster: records of passes are pruned by age, and counters must never fall. */
export class PassTotals extends Migration {
  override up(): void {
    this.addSql(`
      create table pass_totals (
        cluster_id uuid not null primary key,
        organization_id uuid not null,
        passes bigint not null,
        optimal bigint not null,
        placed bigint not null,
        released bigint not null,
        timed_out bigint not null,
        settle_ms float8 not null,
        snapshot_ms float8 not null,
        plan_ms float8 not null,
        apply_ms float8 not null,
        waits bigint[] not null,
        waits_ms float8 not null,
        turns bigint[] not null,
        turns_ms float8 not null,
        foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
      )`);
  }
}
