import { Migration } from '@mikro-orm/migrations';

/** What keeps the queue of a cluster, shape by shape, as of one pass: one row per cluster, which the next passes replace. */
export class ClusterBlockers extends Migration {
  override up(): void {
    this.addSql(`
      create table cluster_blockers (
        cluster_id uuid not null primary key,
        organization_id uuid not null,
        pass_id uuid not null,
        as_of timestamptz not null,
        shapes int not null,
        waiting bigint not null,
        blockers bytea not null,
        foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
      )`);
    // It is compressed already, and read by its key alone.
    this.addSql(`alter table cluster_blockers alter column blockers set storage external`);
  }
}
