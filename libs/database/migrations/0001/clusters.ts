/** Clusters. Foreign keys are composite: nothing can point into another organization. */
export const CLUSTERS = [
  `create table clusters (
    id uuid not null primary key,
    organization_id uuid not null references organizations (id),
    name text not null,
    name_key text not null,
    state text not null default 'active',
    capacity_cpu_millis bigint not null,
    capacity_memory_mib bigint not null,
    capacity_gpu_millis bigint not null,
    allocated_cpu_millis bigint not null default 0,
    allocated_memory_mib bigint not null default 0,
    allocated_gpu_millis bigint not null default 0,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    version int not null default 1,
    pending_cpu_millis bigint null,
    pending_memory_mib bigint null,
    pending_gpu_millis bigint null,
    policy jsonb not null default '{}',
    access text not null default 'organization',
    deleted_at timestamptz null,
    constraint clusters_tenant_unique unique (organization_id, id),
    constraint clusters_state_check check (state in ('active', 'cordoned', 'draining')),
    constraint clusters_access_check check (access in ('organization', 'restricted')),
    constraint clusters_cpu_millis_check
      check (allocated_cpu_millis between 0 and capacity_cpu_millis and capacity_cpu_millis <= 1000000000000),
    constraint clusters_memory_mib_check
      check (allocated_memory_mib between 0 and capacity_memory_mib and capacity_memory_mib <= 1000000000000),
    constraint clusters_gpu_millis_check
      check (allocated_gpu_millis between 0 and capacity_gpu_millis and capacity_gpu_millis <= 1000000000000),
    constraint clusters_capacity_check
      check (capacity_cpu_millis > 0 or capacity_memory_mib > 0 or capacity_gpu_millis > 0),
    constraint clusters_pending_check
      check (num_nonnulls(pending_cpu_millis, pending_memory_mib, pending_gpu_millis) in (0, 3)),
    constraint clusters_pending_range_check
      check (least(pending_cpu_millis, pending_memory_mib, pending_gpu_millis) >= 0
        and greatest(pending_cpu_millis, pending_memory_mib, pending_gpu_millis) >= 1
        and greatest(pending_cpu_millis, pending_memory_mib, pending_gpu_millis) <= 1000000000000)
  )`,
  // A deleted cluster gives its name back. The index is partial, so renaming changes no key that a submission locks.
  `create unique index clusters_name_unique on clusters (organization_id, name_key) where deleted_at is null`,
  `create table cluster_access (
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
  )`,
  `create index cluster_access_member_index on cluster_access (organization_id, user_id)`,
  `create table cluster_signals (
    id bigint generated always as identity primary key,
    organization_id uuid not null,
    cluster_id uuid not null,
    reason text not null,
    priority smallint not null default 0,
    cpu_millis int not null default 0,
    memory_mib int not null default 0,
    gpu_millis int not null default 0,
    max_runtime_seconds int not null default 0,
    change int not null default 0,
    foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
  )`,
  `create index cluster_signals_cluster_id_index on cluster_signals (cluster_id, id)`,
  `create table queue_shapes (
    organization_id uuid not null,
    cluster_id uuid not null,
    priority smallint not null,
    cpu_millis int not null,
    memory_mib int not null,
    gpu_millis int not null,
    max_runtime_seconds int not null,
    waiting int not null,
    primary key (cluster_id, priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds),
    foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade,
    constraint queue_shapes_waiting_check check (waiting >= 0)
  )`,
];
