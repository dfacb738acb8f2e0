import { Migration } from '@mikro-orm/migrations';

/** Clusters that can be edited, restricted to some members, and deleted without losing their history. */
export class Clusters extends Migration {
  override up(): void {
    this.addSql(`
      alter table clusters
        add column pending_cpu_millis bigint null,
        add column pending_memory_mib bigint null,
        add column pending_gpu_millis bigint null,
        add column policy jsonb not null default '{}',
        add column access text not null default 'organization',
        add column deleted_at timestamptz null,
        add constraint clusters_access_check check (access in ('organization', 'restricted')),
        add constraint clusters_pending_check
          check (num_nonnulls(pending_cpu_millis, pending_memory_mib, pending_gpu_millis) in (0, 3)),
        add constraint clusters_pending_range_check
          check (least(pending_cpu_millis, pending_memory_mib, pending_gpu_millis) >= 0
            and greatest(pending_cpu_millis, pending_memory_mib, pending_gpu_millis) >= 1
            and greatest(pending_cpu_millis, pending_memory_mib, pending_gpu_millis) <= 1000000000000)`);
    // A deleted cluster gives its name back. The index is partial, so that renaming changes no key: submissions do not wait for it.
    this.addSql(`alter table clusters drop constraint clusters_name_unique`);
    this.addSql(`
      create unique index clusters_name_unique on clusters (organization_id, name_key) where deleted_at is null`);
    this.addSql(`
      create table cluster_access (
        cluster_id uuid not null,
        user_id uuid not null,
        organization_id uuid not null,
        granted_by uuid not null,
        granted_at timestamptz not null default now(),
        primary key (cluster_id, user_id),
        constraint cluster_access_cluster_fkey
          foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade,
        constraint cluster_access_member_fkey
          foreign key (organization_id, user_id) references memberships (organization_id, user_id) on delete cascade
      )`);
    this.addSql(`create index cluster_access_member_index on cluster_access (organization_id, user_id)`);
  }
}
