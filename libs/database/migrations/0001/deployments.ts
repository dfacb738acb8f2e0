/** Deployments, and the indexes of passes and lists. */
export const DEPLOYMENTS = [
  // due_at is the time at which a pass must act, whatever the status: the end of the queue timeout, of the declared runtime, of the pause
  // before a retry, or of the grace of a stop.
  `create table deployments (
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
    queue_timeout_seconds int not null default 0,
    max_retries smallint not null default 0,
    retries smallint not null default 0,
    is_named boolean not null default false,
    normalized_image text null,
    labels jsonb not null default '{}',
    is_preemptible boolean not null default false,
    spec json null,
    preemptions int not null default 0,
    stop_asked_at timestamptz null,
    stop_cause text null,
    stop_outcome text null,
    stop_report text null,
    edits int not null default 0,
    -- Counted against the limit of the organization. The first summand is the row, its index entries, and the events and ledger entries of
    -- one attempt; then those of each retry, and the event of each edit.
    stored_bytes bigint not null generated always as (2048 + 1024 * retries + 256 * edits::bigint
      + octet_length(name) + octet_length(image) + coalesce(octet_length(normalized_image), 0) + octet_length(labels::text)
      + coalesce(octet_length(spec::text), 0) + coalesce(octet_length(message), 0)) stored,
    primary key (organization_id, id),
    foreign key (organization_id, cluster_id) references clusters (organization_id, id),
    constraint deployments_status_check check (status in ('queued', 'scheduled', 'running', 'stopping', 'retrying',
      'succeeded', 'failed', 'cancelled', 'timed_out', 'expired')),
    constraint deployments_ended_check
      check ((status in ('succeeded', 'failed', 'cancelled', 'timed_out', 'expired')) = (ended_at is not null)),
    constraint deployments_cpu_millis_check check (cpu_millis between 0 and 1000000000),
    constraint deployments_memory_mib_check check (memory_mib between 0 and 1000000000),
    constraint deployments_gpu_millis_check check (gpu_millis between 0 and 1000000000),
    constraint deployments_request_check check (cpu_millis > 0 or memory_mib > 0 or gpu_millis > 0),
    constraint deployments_priority_check check (priority between 0 and 100),
    constraint deployments_max_runtime_seconds_check check (max_runtime_seconds >= 0),
    constraint deployments_queue_timeout_seconds_check check (queue_timeout_seconds >= 0),
    constraint deployments_retries_check check (retries between 0 and max_retries),
    constraint deployments_preemptions_check check (preemptions >= 0),
    constraint deployments_labels_check check (jsonb_typeof(labels) = 'object'),
    constraint deployments_stop_cause_check check (stop_cause in ('cancelled', 'max-runtime', 'preempted')),
    constraint deployments_stop_outcome_check check (stop_outcome in ('cancelled', 'timed_out', 'queued')),
    constraint deployments_stop_report_check check (stop_report in ('succeeded', 'failed')),
    constraint deployments_stopping_check
      check (status <> 'stopping' or num_nulls(stop_asked_at, stop_cause, stop_outcome, due_at) = 0)
  )`,
  // A pass takes the oldest of a shape from here, without reading the rest of the queue.
  `create index deployments_queue_index on deployments
    (cluster_id, priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds, queued_at, id) where status = 'queued'`,
  // Ended deployments, and those between two attempts, whose resources no pass has released yet: few, and for milliseconds.
  `create index deployments_unsettled_index on deployments (cluster_id, id)
    where (ended_at is not null or status = 'retrying') and released_at is null`,
  `create index deployments_due_index on deployments (cluster_id, due_at) where due_at is not null`,
  // A deployment between two attempts neither waits nor has resources: deleting a cluster finds it here.
  `create index deployments_retrying_index on deployments (cluster_id, id) where status = 'retrying'`,
  `create index deployments_stopping_index on deployments (cluster_id, id) where status = 'stopping'`,
  // The deployments that have resources, grouped as reservations need them, without those that ended or wait.
  `create index deployments_holders_index on deployments
    (cluster_id, priority, cpu_millis, memory_mib, gpu_millis, due_at, status) where status in ('scheduled', 'running', 'stopping')`,
  // Preemption candidates from the lowest priority, the youngest first.
  `create index deployments_preemptible_index on deployments (cluster_id, priority, scheduled_at desc, id)
    where is_preemptible and status in ('scheduled', 'running', 'stopping')`,
  // For lists. It begins with the organization so that no step of a pass takes it for one of the partial indexes above, which have the
  // same order and a thousandth of the entries.
  `create index deployments_cluster_index on deployments (organization_id, cluster_id, id)`,
  // The queue in the order of lists. The priority is negated, so that one comparison of rows finds the beginning of a page at any depth.
  `create index deployments_rank_index on deployments (cluster_id, (-priority), queued_at, id) where status = 'queued'`,
  `create index deployments_status_index on deployments (organization_id, cluster_id, status, id)`,
  `create index deployments_submitter_index on deployments (organization_id, submitted_by, status, id)`,
  // Given names only: a generated name is unique by its parts, and costs nothing in these two indexes.
  `create unique index deployments_name_unique on deployments (cluster_id, name) where is_named and ended_at is null`,
  `create index deployments_name_index on deployments (organization_id, name collate "C") where is_named`,
  // Labels as numbers that belong to one organization, so that a search reads no labels of others.
  `create function deployment_label_terms(organization_id uuid, labels jsonb) returns bigint[]
    language sql immutable parallel safe as $$
      select array_agg(hashtextextended(organization_id::text || '/' || term, 0))
      from jsonb_each_text(labels) label (key, value), lateral (values (key), (key || '=' || value)) terms (term)
    $$`,
  `create index deployments_labels_index on deployments using gin (deployment_label_terms(organization_id, labels)) where labels <> '{}'`,
];

/** Events, in an order in which none appears late, whatever order transactions commit in: see docs/decisions/event-order.md. */
export const EVENTS = [
  // stamp is no less than the transaction that writes the row, and no less than any transaction that had ended when the writing statement
  // began. Rows whose stamp is below the oldest open transaction are complete, and what happened after them sorts after them.
  `create table deployment_events (
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
    stamp xid8 not null default greatest(pg_current_xact_id(), pg_snapshot_xmax(pg_current_snapshot())),
    position bigint generated always as identity,
    until timestamptz null,
    preemptor_id uuid null,
    preemptor_priority smallint null,
    lost_seconds int null,
    primary key (organization_id, deployment_id, sequence),
    foreign key (organization_id, deployment_id) references deployments (organization_id, id) on delete cascade,
    -- Transitions: from, to, cause. transitionCheck() of libs/deployments/states writes this condition.
    constraint deployment_events_transition_check check (coalesce(from_status, '') || ' ' || to_status || ' ' || cause in (
      ' queued submitted', 'queued queued edited', 'queued scheduled placed', 'scheduled running started',
      'scheduled succeeded reported', 'running succeeded reported', 'scheduled failed reported',
      'running failed reported', 'scheduled retrying reported', 'running retrying reported',
      'retrying queued retry-due', 'scheduled timed_out max-runtime', 'running timed_out max-runtime',
      'running stopping max-runtime', 'queued expired queue-timeout', 'queued cancelled cancelled',
      'scheduled cancelled cancelled', 'running cancelled cancelled', 'retrying cancelled cancelled',
      'running stopping cancelled', 'stopping stopping cancelled-meanwhile',
      'stopping cancelled cancelled', 'scheduled queued preempted', 'running queued preempted',
      'running stopping preempted', 'stopping succeeded reported', 'stopping stopping reported',
      'stopping queued stopped', 'stopping queued grace-over', 'stopping cancelled reported',
      'stopping cancelled grace-over', 'stopping timed_out reported', 'stopping timed_out grace-over',
      'queued cancelled cluster-deleted', 'retrying cancelled cluster-deleted'
    ))
  )`,
  `create unique index deployment_events_order_unique on deployment_events (organization_id, stamp, position)`,
  `create index deployment_events_lost_index on deployment_events (cluster_id, at) where lost_seconds is not null`,
  // Up to where the events of an organization are incomplete, because retention has removed some.
  `create table event_horizons (
    organization_id uuid not null primary key references organizations (id),
    stamp xid8 not null,
    position bigint not null
  )`,
  `create function note_event_horizon() returns trigger language plpgsql as $$
    begin
      insert into event_horizons as known (organization_id, stamp, position)
      select distinct on (organization_id) organization_id, stamp, position from gone
      order by organization_id, stamp desc, position desc
      on conflict (organization_id) do update set stamp = excluded.stamp, position = excluded.position
        where (excluded.stamp, excluded.position) > (known.stamp, known.position);
      return null;
    end $$`,
  // For each statement: retention removes many events in one, before their deployments.
  `create trigger deployment_events_horizon after delete on deployment_events
    referencing old table as gone for each statement execute function note_event_horizon()`,
];
