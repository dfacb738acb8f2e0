import { Migration } from '@mikro-orm/migrations';

/** Clusters, deployments, the ledger, and what passes leave. Foreign keys are composite: nothing can point into another tenant. */
export class Scheduling extends Migration {
  override up(): void {
    this.clusters();
    this.deployments();
    this.ledger();
    this.passes();
  }

  private clusters(): void {
    this.addSql(`
      create table clusters (
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
        constraint clusters_tenant_unique unique (organization_id, id),
        constraint clusters_name_unique unique (organization_id, name_key),
        constraint clusters_state_check check (state in ('active', 'cordoned', 'draining')),
        constraint clusters_cpu_millis_check
          check (allocated_cpu_millis between 0 and capacity_cpu_millis and capacity_cpu_millis <= 1000000000000),
        constraint clusters_memory_mib_check
          check (allocated_memory_mib between 0 and capacity_memory_mib and capacity_memory_mib <= 1000000000000),
        constraint clusters_gpu_millis_check
          check (allocated_gpu_millis between 0 and capacity_gpu_millis and capacity_gpu_millis <= 1000000000000),
        constraint clusters_capacity_check
          check (capacity_cpu_millis > 0 or capacity_memory_mib > 0 or capacity_gpu_millis > 0)
      )`);
    this.addSql(`
      create table cluster_signals (
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
      )`);
    this.addSql(`create index cluster_signals_cluster_id_index on cluster_signals (cluster_id, id)`);
  }

  private deployments(): void {
    this.addSql(`
      create table deployments (
        organization_id uuid not null,
        id uuid not null,
        cluster_id uuid not null,
        name text not null,
        image text not null,
        cpu_millis int not null,
        memory_mib int not null,
        gpu_millis int not null,
        priority smallint not null,
        max_runtime_seconds int not null default 0,
        status text not null default 'queued',
        attempt int not null default 1,
        version int not null default 1,
        queued_at timestamptz not null default now(),
        scheduled_at timestamptz null,
        started_at timestamptz null,
        ended_at timestamptz null,
        released_at timestamptz null,
        due_at timestamptz null,
        message text null,
        submitted_by uuid not null,
        primary key (organization_id, id),
        foreign key (organization_id, cluster_id) references clusters (organization_id, id),
        constraint deployments_status_check
          check (status in ('queued', 'scheduled', 'running', 'succeeded', 'failed', 'cancelled', 'timed_out')),
        constraint deployments_ended_check
          check ((status in ('succeeded', 'failed', 'cancelled', 'timed_out')) = (ended_at is not null)),
        constraint deployments_cpu_millis_check check (cpu_millis between 0 and 1000000000),
        constraint deployments_memory_mib_check check (memory_mib between 0 and 1000000000),
        constraint deployments_gpu_millis_check check (gpu_millis between 0 and 1000000000),
        constraint deployments_request_check check (cpu_millis > 0 or memory_mib > 0 or gpu_millis > 0),
        constraint deployments_priority_check check (priority between 0 and 100),
        constraint deployments_max_runtime_seconds_check check (max_runtime_seconds >= 0)
      )`);
    // A pass takes the oldest of a shape from here, without looking at the rest of the queue.
    this.addSql(`
      create index deployments_queue_index on deployments
        (cluster_id, priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds, queued_at, id)
        where status = 'queued'`);
    // What has ended and still holds its resources: empty but for milliseconds.
    this.addSql(`
      create index deployments_unsettled_index on deployments (cluster_id, id)
        where ended_at is not null and released_at is null`);
    this.addSql(`create index deployments_due_index on deployments (due_at, cluster_id) where due_at is not null`);
    // For lists. It begins with the organization so that no step of a pass can take it for one of the partial indexes above, which have
    // the same order and a thousandth of the entries.
    this.addSql(`create index deployments_cluster_index on deployments (organization_id, cluster_id, id)`);
    this.addSql(`
      create table deployment_events (
        organization_id uuid not null,
        deployment_id uuid not null,
        sequence int not null,
        cluster_id uuid not null,
        attempt int not null,
        from_status text null,
        to_status text not null,
        cause text not null,
        actor_id uuid null,
        pass_id uuid null,
        at timestamptz not null default now(),
        primary key (organization_id, deployment_id, sequence),
        foreign key (organization_id, deployment_id) references deployments (organization_id, id) on delete cascade
      )`);
  }

  private ledger(): void {
    this.addSql(`
      create table ledger_entries (
        id bigint generated always as identity primary key,
        organization_id uuid not null,
        cluster_id uuid not null,
        deployment_id uuid not null,
        attempt int not null,
        kind text not null,
        cpu_millis int not null,
        memory_mib int not null,
        gpu_millis int not null,
        pass_id uuid not null,
        at timestamptz not null default now(),
        foreign key (organization_id, cluster_id) references clusters (organization_id, id),
        foreign key (organization_id, deployment_id) references deployments (organization_id, id) on delete cascade,
        constraint ledger_entries_attempt_unique unique (deployment_id, attempt, kind),
        constraint ledger_entries_kind_check check (kind in ('allocate', 'release')),
        constraint ledger_entries_cpu_millis_check check (cpu_millis >= 0),
        constraint ledger_entries_memory_mib_check check (memory_mib >= 0),
        constraint ledger_entries_gpu_millis_check check (gpu_millis >= 0)
      )`);
    this.addSql(`create index ledger_entries_cluster_index on ledger_entries (cluster_id, id)`);
    this.addSql(`
      create function refuse_ledger_change() returns trigger language plpgsql as $$
      begin
        if tg_op = 'DELETE' and not exists (
          select 1 from deployments where organization_id = old.organization_id and id = old.deployment_id
        ) then
          return old; -- its deployment is gone: retention removes a history whole or not at all
        end if;
        raise exception 'ledger entries are never changed' using errcode = 'restrict_violation';
      end $$`);
    this.addSql(`
      create trigger ledger_entries_immutable before update or delete on ledger_entries
        for each row execute function refuse_ledger_change()`);
  }

  private passes(): void {
    this.addSql(`
      create table passes (
        id uuid not null primary key,
        organization_id uuid not null,
        cluster_id uuid not null,
        woken_by text not null,
        started_at timestamptz not null,
        finished_at timestamptz not null default clock_timestamp(),
        waiting int not null,
        shapes int not null,
        placed int not null,
        released int not null,
        timed_out int not null,
        is_partial boolean not null,
        certificate jsonb not null,
        durations_ms jsonb not null,
        foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
      )`);
    this.addSql(`create index passes_cluster_index on passes (cluster_id, id)`);
    this.addSql(`
      create table queue_shapes (
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
      )`);
  }
}
