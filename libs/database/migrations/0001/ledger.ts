/** The ledger: its entries, what retention leaves of removed ones, and the findings of audits. */
export const LEDGER = [
  // A correction has signed amounts, and an attempt may have several: each is the difference that makes the sums right again.
  `create table ledger_entries (
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
    constraint ledger_entries_kind_check check (kind in ('allocate', 'release', 'correct')),
    constraint ledger_entries_cpu_millis_check check (cpu_millis >= 0 or kind = 'correct'),
    constraint ledger_entries_memory_mib_check check (memory_mib >= 0 or kind = 'correct'),
    constraint ledger_entries_gpu_millis_check check (gpu_millis >= 0 or kind = 'correct')
  )`,
  // One index for the uniqueness of entries and for the entries of a deployment: a partial one would serve neither fully.
  `create unique index ledger_entries_attempt_unique on ledger_entries
    (deployment_id, attempt, kind, (case when kind = 'correct' then id else 0 end))`,
  `create index ledger_entries_correct_index on ledger_entries (deployment_id, attempt) where kind = 'correct'`,
  `create index ledger_entries_cluster_index on ledger_entries (cluster_id, at, id)`,
  // The sums of the entries that retention has removed, wide enough for any number of entries of any size.
  `create table ledger_checkpoints (
    cluster_id uuid not null primary key,
    organization_id uuid not null,
    deployments bigint not null,
    entries bigint not null,
    allocated_cpu_millis numeric(38,0) not null,
    allocated_memory_mib numeric(38,0) not null,
    allocated_gpu_millis numeric(38,0) not null,
    released_cpu_millis numeric(38,0) not null,
    released_memory_mib numeric(38,0) not null,
    released_gpu_millis numeric(38,0) not null,
    corrected_cpu_millis numeric(38,0) not null,
    corrected_memory_mib numeric(38,0) not null,
    corrected_gpu_millis numeric(38,0) not null,
    closed_until timestamptz not null,
    changed_at timestamptz not null default now(),
    foreign key (organization_id, cluster_id) references clusters (organization_id, id),
    constraint ledger_checkpoints_balance_check
      check (allocated_cpu_millis - released_cpu_millis + corrected_cpu_millis = 0
        and allocated_memory_mib - released_memory_mib + corrected_memory_mib = 0
        and allocated_gpu_millis - released_gpu_millis + corrected_gpu_millis = 0)
  )`,
  // No key refers to the deployment: it has been removed.
  `create table usage_sums (
    deployment_id uuid not null,
    attempt int not null,
    organization_id uuid not null,
    cluster_id uuid not null,
    name text not null,
    submitted_by uuid not null,
    labels jsonb not null,
    opened_at timestamptz not null,
    closed_at timestamptz not null,
    cpu_millis numeric not null,
    memory_mib numeric not null,
    gpu_millis numeric not null,
    primary key (deployment_id, attempt),
    foreign key (organization_id, cluster_id) references clusters (organization_id, id),
    constraint usage_sums_time_check check (opened_at <= closed_at)
  )`,
  `create index usage_sums_cluster_index on usage_sums (cluster_id, closed_at)`,
  `create index usage_sums_closed_index on usage_sums (closed_at)`,
  `create table ledger_findings (
    id uuid not null primary key,
    organization_id uuid not null,
    cluster_id uuid not null,
    law text not null,
    violations int not null,
    samples jsonb not null,
    found_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    resolved_at timestamptz null,
    foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
  )`,
  `create unique index ledger_findings_open_unique on ledger_findings (cluster_id, law) where resolved_at is null`,
  `create table ledger_audits (
    depth text not null primary key,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    clean_at timestamptz null,
    broken int not null,
    constraint ledger_audits_depth_check check (depth in ('quick', 'full'))
  )`,
];

/** Triggers that keep the ledger append-only. */
export const LEDGER_TRIGGERS = [
  `create function refuse_ledger_change() returns trigger language plpgsql as $$
    begin
      -- Retention removes a history whole: the deployment has gone, and what the attempt used is kept.
      if tg_op = 'DELETE' and not exists (
        select 1 from deployments where organization_id = old.organization_id and id = old.deployment_id
      ) and exists (
        select 1 from usage_sums where deployment_id = old.deployment_id and attempt = old.attempt
      ) then
        return old;
      end if;
      raise exception 'ledger entries are never changed' using errcode = 'restrict_violation';
    end $$`,
  `create trigger ledger_entries_immutable before update or delete on ledger_entries
    for each row execute function refuse_ledger_change()`,
  // TRUNCATE fires no row trigger.
  `create trigger ledger_entries_no_truncate before truncate on ledger_entries
    for each statement execute function refuse_ledger_change()`,
  `create function refuse_checkpoint_change() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and new.cluster_id = old.cluster_id and new.organization_id = old.organization_id
        and new.deployments >= old.deployments and new.entries >= old.entries and new.closed_until >= old.closed_until
      then
        return new;
      end if;
      raise exception 'a checkpoint of the ledger only grows' using errcode = 'restrict_violation';
    end $$`,
  `create trigger ledger_checkpoints_immutable before update or delete on ledger_checkpoints
    for each row execute function refuse_checkpoint_change()`,
  `create trigger ledger_checkpoints_no_truncate before truncate on ledger_checkpoints
    for each statement execute function refuse_checkpoint_change()`,
];
