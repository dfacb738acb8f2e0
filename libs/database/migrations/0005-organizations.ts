import { Migration } from '@mikro-orm/migrations';

/** Organizations that can be deleted and have limits of their own; invites made by programs; the audit log by time. */
export class Organizations extends Migration {
  override up(): void {
    // Null: the default of the settings holds.
    this.addSql(`
      alter table organizations
        add column deleted_at timestamptz null,
        add column limit_clusters int null,
        add column limit_members int null,
        add column limit_invites int null,
        add column limit_tokens int null,
        add column limit_queued int null,
        add constraint organizations_limits_check
          check (least(limit_clusters, limit_members, limit_invites, limit_tokens, limit_queued) >= 0)`);
    this.addSql(`create index organizations_created_by_index on organizations (created_by)`);
    // Service accounts make invites too, and are no users.
    this.addSql(`alter table invites drop constraint invites_created_by_fkey`);
    this.addSql(`alter table service_accounts add foreign key (organization_id) references organizations (id)`);
    this.addSql(`alter table api_tokens add foreign key (organization_id) references organizations (id)`);
    this.addSql(`drop index audit_entries_organization_id_index`);
    this.addSql(`create index audit_entries_time_index on audit_entries (organization_id, occurred_at, id)`);
  }
}
