import { Migration } from '@mikro-orm/migrations';

/** What a pass saw, by shape, for those who ask later why it decided so. */
export class PassSights extends Migration {
  override up(): void {
    this.addSql(`
      create table pass_sights (
        pass_id uuid not null primary key,
        organization_id uuid not null,
        cluster_id uuid not null,
        sight bytea not null,
        foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
      )`);
    // It is compressed already, and read by its key alone.
    this.addSql(`alter table pass_sights alter column sight set storage external`);
  }
}
