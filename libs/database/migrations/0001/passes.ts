/** Passes: their records, and what one leaves for the next. */
export const PASSES = [
  `create table passes (
    id uuid not null primary key,
    organization_id uuid not null,
    cluster_id uuid not null,
    triggers text[] not null,
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
    reservation jsonb null,
    reservation_events jsonb not null default '[]',
    preempted int not null default 0,
    foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
  )`,
  `create index passes_cluster_index on passes (cluster_id, id)`,
  `create table pass_snapshots (
    pass_id uuid not null primary key,
    organization_id uuid not null,
    cluster_id uuid not null,
    snapshot bytea not null,
    foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
  )`,
  // It is compressed already, and read by its key alone; so are the blockers below.
  `alter table pass_snapshots alter column snapshot set storage external`,
  // What the planner was given and answered, pass by pass: a chain of hashes. The position is the order of the chain.
  `create table pass_decisions (
    cluster_id uuid not null,
    position bigint not null,
    organization_id uuid not null,
    pass_id uuid not null,
    at timestamptz not null,
    build text not null,
    is_whole boolean not null,
    record bytea not null,
    hash bytea not null,
    primary key (cluster_id, position),
    foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
  )`,
  `alter table pass_decisions alter column record set storage external`,
  `create index pass_decisions_at_index on pass_decisions (at)`,
  `create table decision_heads (
    cluster_id uuid not null primary key,
    organization_id uuid not null,
    position bigint not null,
    pass_id uuid not null,
    at timestamptz not null,
    hash bytea not null,
    bytes bigint not null,
    removed_position bigint not null default 0,
    removed_hash bytea not null,
    foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
  )`,
  // Running totals per cluster: records of passes are pruned by age, and counters must never fall.
  `create table pass_totals (
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
    preempted bigint not null default 0,
    lost_seconds bigint not null default 0,
    foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
  )`,
  `create table cluster_schedules (
    cluster_id uuid not null primary key,
    organization_id uuid not null,
    reservations jsonb not null default '[]',
    gather_after timestamptz null,
    wake_at timestamptz null,
    foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
  )`,
  `create index cluster_schedules_wake_index on cluster_schedules (wake_at) where wake_at is not null`,
  // Updated in place: no column of an index changes, and pages keep room for it.
  `create table learned_runtimes (
    cluster_id uuid not null,
    kind text not null,
    organization_id uuid not null,
    member_id uuid null,
    image text null,
    max_runtime_seconds int null,
    runs int[] not null,
    total bigint not null,
    last_ended_at timestamptz not null,
    primary key (cluster_id, kind),
    foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
  ) with (fillfactor = 80)`,
  `create index learned_runtimes_member_index on learned_runtimes (organization_id, image, member_id) where image is not null`,
  `create table start_predictions (
    cluster_id uuid not null,
    deployment_id uuid not null,
    organization_id uuid not null,
    predicted_at timestamptz not null,
    latest_ms bigint null,
    p10_ms bigint not null,
    p50_ms bigint not null,
    p90_ms bigint not null,
    real_ms bigint null,
    primary key (cluster_id, deployment_id),
    foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
  )`,
  `create index start_predictions_open_index on start_predictions (cluster_id) where real_ms is null`,
  `create index start_predictions_time_index on start_predictions (cluster_id, predicted_at)`,
  // What runs as a gathering begins and is expected to end in time: it stands until the gathering is over.
  `create table gathered_runs (
    cluster_id uuid not null,
    deployment_id uuid not null,
    attempt int not null,
    organization_id uuid not null,
    expected_end_at timestamptz not null,
    primary key (cluster_id, deployment_id),
    foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
  )`,
  `create table cluster_blockers (
    cluster_id uuid not null primary key,
    organization_id uuid not null,
    pass_id uuid not null,
    as_of timestamptz not null,
    shapes int not null,
    waiting bigint not null,
    blockers bytea not null,
    foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
  )`,
  `alter table cluster_blockers alter column blockers set storage external`,
];
