// The statements of one submission by an admin, of a batch, and of reports in bulk, as the service sends them.

/** Session, user and membership. */
export const STANDING = `
  select 'user' as kind, u.id as principal_id, u.username as name, u.is_operator, s.id as session_id,
         case when o.id is null then null when u.is_operator then 'admin' else m.role end as role
  from sessions s
  join users u on u.id = s.user_id
  left join organizations o on o.id = $1::uuid and o.deleted_at is null
  left join memberships m on m.organization_id = o.id and m.user_id = u.id
  where s.id = $2 and s.user_id = $3 and s.idle_expires_at > now() and u.disabled_at is null`;

/** The cluster, held by the lock that the foreign key takes anyway. */
export const ADMISSION = `
  select c.state, c.deleted_at is not null as "isDeleted", c.capacity_cpu_millis::float8, c.capacity_memory_mib::float8,
         c.capacity_gpu_millis::float8, c.pending_cpu_millis::float8, c.pending_memory_mib::float8,
         c.pending_gpu_millis::float8, c.policy
  from clusters c where c.organization_id = $1 and c.id = $2 for key share of c`;

/** Deployments with their first events. */
export const INSERT = `
  with submitted as (
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::int[], $6::int[])
      as submitted (id, name, image, cpu_millis, memory_mib, gpu_millis)
  ), d as (
    insert into deployments (organization_id, id, cluster_id, name, is_named, image, normalized_image, cpu_millis, memory_mib,
                             gpu_millis, priority, max_runtime_seconds, queue_timeout_seconds, max_retries, labels,
                             is_preemptible, spec, submitted_by, queued_at)
    select $7, id, $8, name, false, image, image, cpu_millis, memory_mib, gpu_millis, 50, 0, 0, 0, '{}', false, null, $9,
           statement_timestamp()
    from submitted
    returning *
  ), events as (
    insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, to_status, cause, actor_id, at)
    select organization_id, id, version, cluster_id, attempt, status, 'submitted', submitted_by, queued_at from d
  )
  select d.* from d`;

/** The durable half of a nudge. */
export const SIGNAL = `
  insert into cluster_signals (organization_id, cluster_id, reason, priority, cpu_millis, memory_mib, gpu_millis,
                               max_runtime_seconds, change)
  select $1, $2, 'submitted', 50, cpu_millis, memory_mib, gpu_millis, 0, 1
  from unnest($3::int[], $4::int[], $5::int[]) as shape (cpu_millis, memory_mib, gpu_millis)`;

/** Deployments as a pass leaves them, of which a runtime will report. */
export const SCHEDULED = `
  insert into deployments (organization_id, id, cluster_id, name, image, cpu_millis, memory_mib, gpu_millis, priority, submitted_by, status,
                           version, scheduled_at)
  select $1, (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 19))::uuid,
         $2, 'app', 'app', 1000, 256, 0, 50, $3, 'scheduled', 2, now()
  from generate_series(1, $4::int)
  returning id`;

/** How the planner of PostgreSQL is kept from reading whole tables. */
export const PREFER_INDEXES = `
  select set_config(name, 'off', true)
  from unnest(array['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_sort']) as name`;

/** The reported deployments, locked in the order of their ids. */
export const FIND = `
  with wanted as materialized (
    select distinct $1::uuid as organization_id, id from unnest($2::uuid[]) as wanted (id)
  )
  select d.id, d.cluster_id, d.status, d.attempt, d.max_retries, d.retries, d.submitted_by
  from wanted join deployments d on d.organization_id = wanted.organization_id and d.id = wanted.id
  where d.status <> all('{queued,retrying,succeeded,failed,cancelled,expired,timed_out}'::text[])
  order by d.id for no key update of d`;

/** Their ends, with events. */
export const END = `
  with reported as materialized (
    select $1::uuid as organization_id, *
    from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as reported (id, from_status, to_status, message)
  ), ended as (
    update deployments d
    set status = reported.to_status, version = version + 1, message = reported.message,
        retries = retries + (reported.to_status = 'retrying')::int,
        ended_at = case when reported.to_status <> 'retrying' then greatest(statement_timestamp(), scheduled_at, started_at) end,
        due_at = case when reported.to_status = 'retrying'
                   then statement_timestamp() + least(power(2, retries), 300) * interval '1 second' end
    from reported
    where d.organization_id = reported.organization_id and d.id = reported.id
    returning d.*, reported.from_status
  )
  insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status, to_status, cause, actor_id, at)
  select organization_id, id, version, cluster_id, attempt, from_status, status, 'reported', $6,
         coalesce(ended_at, statement_timestamp())
  from ended`;

/** That something ended in the cluster. */
export const SIGNAL_END = `insert into cluster_signals (organization_id, cluster_id, reason) values ($1, $2, 'ended')`;
