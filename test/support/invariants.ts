import { type Client } from 'pg';

import { LEDGER_LAWS } from '#ledger';

import { withClient } from './database.js';

/** A law of the stored state, as a query for rows that break it. */
interface Law {
  /** What holds, as a sentence. */
  readonly law: string;
  /** Finds what breaks it. Sees the views of {@link VIEWS}. */
  readonly violations: string;
}

/** Each resource, by the ending of its columns. */
const RESOURCES = ['cpu_millis', 'memory_mib', 'gpu_millis'] as const;

/** The columns that make a shape. */
const SHAPE = 'priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds';

/**
 * The state machine of the design, written down a second time: what may follow what. The service has its own table, and a service that
 * breaks both alike would have to be wrong twice.
 */
const LEGAL_MOVES = [
  [null, 'queued'],
  ['queued', 'queued'],
  ['queued', 'scheduled'],
  ['queued', 'cancelled'],
  ['queued', 'expired'],
  ['scheduled', 'running'],
  ['scheduled', 'succeeded'],
  ['scheduled', 'failed'],
  ['scheduled', 'retrying'],
  ['scheduled', 'cancelled'],
  ['scheduled', 'timed_out'],
  ['scheduled', 'queued'],
  ['running', 'succeeded'],
  ['running', 'failed'],
  ['running', 'retrying'],
  ['running', 'cancelled'],
  ['running', 'timed_out'],
  ['running', 'queued'],
  ['running', 'stopping'],
  ['stopping', 'stopping'],
  ['stopping', 'succeeded'],
  ['stopping', 'cancelled'],
  ['stopping', 'timed_out'],
  ['stopping', 'queued'],
  ['retrying', 'queued'],
  ['retrying', 'cancelled'],
] as const;

/** Causes of events that passes write. All others are written by requests. */
const CAUSES_OF_PASSES = [
  'placed',
  'retry-due',
  'queue-timeout',
  'max-runtime',
  'preempted',
  'stopped',
  'grace-over',
] as const;

const text = (value: string | null): string => (value === null ? 'null' : `'${value}'`);

/** Common tables of the laws: allocations as pairs of entries, deployments that hold resources, each move of each history. */
const VIEWS = `
  with legal (from_status, to_status) as (
    values ${LEGAL_MOVES.map(([from, to]) => `(${text(from)}::text, ${text(to)}::text)`).join(', ')}
  ), allocations as (
    select a.*, r.id as release_id, r.cpu_millis as released_cpu_millis, r.memory_mib as released_memory_mib,
           r.gpu_millis as released_gpu_millis
    from ledger_entries a
    left join ledger_entries r on r.deployment_id = a.deployment_id and r.attempt = a.attempt and r.kind = 'release'
    where a.kind = 'allocate'
  ), holding as (
    select * from deployments
    where status in ('scheduled', 'running', 'stopping') or ((ended_at is not null or status = 'retrying') and released_at is null)
  ), moves as (
    select e.*, lag(e.to_status) over history as previous_status, lag(e.attempt) over history as previous_attempt,
           row_number() over history as place
    from deployment_events e window history as (partition by e.organization_id, e.deployment_id order by e.sequence)
  )`;

/** Sums of one kind of rows, beside each cluster's `allocated`. */
const allocatedEqualsSumOf = (rows: string): string => `
  select c.id, c.allocated_cpu_millis, c.allocated_memory_mib, c.allocated_gpu_millis, s.*
  from clusters c cross join lateral (
    select ${RESOURCES.map((resource) => `coalesce(sum(x.${resource}), 0) as sum_${resource}`).join(', ')}
    from (${rows}) x where x.cluster_id = c.id
  ) s
  where (c.allocated_cpu_millis, c.allocated_memory_mib, c.allocated_gpu_millis)
     <> (s.sum_cpu_millis, s.sum_memory_mib, s.sum_gpu_millis)`;

/** True at every committed state, also in the middle of load and faults. */
const LAWS: readonly Law[] = [
  {
    law: '0 <= allocated <= capacity, per resource',
    violations: `select id from clusters where ${RESOURCES.map((resource) => `allocated_${resource} not between 0 and capacity_${resource}`).join(' or ')}`,
  },
  {
    law: 'allocated is the sum of open allocations',
    violations: allocatedEqualsSumOf('select * from allocations where release_id is null'),
  },
  {
    law: 'allocated is the sum of what deployments hold',
    violations: allocatedEqualsSumOf('select * from holding'),
  },
  {
    law: 'a deployment has one open allocation when it holds resources, and none otherwise',
    violations: `
      select d.id, d.status, d.attempt, count(a.id) as open
      from deployments d left join allocations a on a.deployment_id = d.id and a.release_id is null
      group by d.organization_id, d.id
      having count(a.id) <> (select count(*) from holding h where h.organization_id = d.organization_id and h.id = d.id)`,
  },
  {
    law: 'an open allocation is of the present attempt',
    violations: `
      select d.id, d.attempt, a.attempt as allocated from allocations a join deployments d on d.id = a.deployment_id
      where a.attempt > d.attempt or (a.release_id is null and a.attempt <> d.attempt)`,
  },
  {
    law: 'a release follows its allocation and gives back the same',
    violations: `
      select r.id from ledger_entries r left join allocations a on a.release_id = r.id
      where r.kind = 'release' and (a.id is null or a.id >= r.id
        or (a.cpu_millis, a.memory_mib, a.gpu_millis) <> (r.cpu_millis, r.memory_mib, r.gpu_millis))`,
  },
  {
    law: 'an allocation is what was requested, in the cluster and organization where it was requested',
    violations: `
      select a.id from allocations a left join deployments d on d.id = a.deployment_id
      where d.id is null or (a.organization_id, a.cluster_id, a.cpu_millis, a.memory_mib, a.gpu_millis)
         <> (d.organization_id, d.cluster_id, d.cpu_millis, d.memory_mib, d.gpu_millis)`,
  },
  {
    law: 'every entry names the pass that wrote it, of its cluster',
    violations: `
      select l.id from ledger_entries l left join passes p on p.id = l.pass_id
      where p.id is null or (p.organization_id, p.cluster_id) <> (l.organization_id, l.cluster_id)`,
  },
  {
    law: 'a pass records how much it placed, released and preempted, as far as the entries of its time are kept',
    violations: `
      select p.id, p.placed, p.released, p.preempted from passes p
      left join ledger_entries l on l.pass_id = p.id
      left join (
        select pass_id, count(*) as told from deployment_events where cause = 'preempted' group by pass_id
      ) given_up on given_up.pass_id = p.id
      where not exists (select 1 from ledger_checkpoints k where k.cluster_id = p.cluster_id and k.closed_until >= p.started_at)
      group by p.id, given_up.told
      having p.placed <> count(*) filter (where l.kind = 'allocate') or p.released <> count(*) filter (where l.kind = 'release')
        or p.preempted <> coalesce(given_up.told, 0)`,
  },
  {
    law: 'every row belongs to the organization of its cluster',
    violations: `
      select 'deployment' as kind, d.id from deployments d join clusters c on c.id = d.cluster_id
      where c.organization_id <> d.organization_id
      union all
      select 'event', e.deployment_id from deployment_events e left join deployments d
        on d.organization_id = e.organization_id and d.id = e.deployment_id and d.cluster_id = e.cluster_id
      where d.id is null
      union all
      select 'shape', s.cluster_id from queue_shapes s join clusters c on c.id = s.cluster_id
      where c.organization_id <> s.organization_id
      union all
      select 'signal', s.cluster_id from cluster_signals s join clusters c on c.id = s.cluster_id
      where c.organization_id <> s.organization_id`,
  },
  {
    law: 'counts of shapes, with the signals that no pass has taken yet, are the queue',
    violations: `
      select coalesce(counted.cluster_id, queued.cluster_id) as cluster_id, counted.waiting, queued.waiting as queued
      from (
        select cluster_id, ${SHAPE}, sum(waiting) as waiting from (
          select cluster_id, ${SHAPE}, waiting from queue_shapes
          union all select cluster_id, ${SHAPE}, change from cluster_signals
        ) parts group by cluster_id, ${SHAPE} having sum(waiting) <> 0
      ) counted
      full join (
        select cluster_id, ${SHAPE}, count(*) as waiting from deployments where status = 'queued' group by cluster_id, ${SHAPE}
      ) queued using (cluster_id, ${SHAPE})
      where counted.waiting is distinct from queued.waiting`,
  },
  {
    law: 'events of a deployment count from 1 without a gap up to its version, and tell its status and attempt',
    violations: `
      select d.id, d.version, d.status, d.attempt from deployments d
      left join moves m on m.organization_id = d.organization_id and m.deployment_id = d.id
      group by d.organization_id, d.id
      having count(m.sequence) <> d.version or min(m.sequence) <> 1 or max(m.sequence) <> d.version
        or max(m.to_status) filter (where m.sequence = d.version) is distinct from d.status
        or max(m.attempt) is distinct from d.attempt`,
  },
  {
    law: 'each event begins where the one before ended, by a move of the state machine, and only what comes back to the queue begins another attempt',
    violations: `
      select m.deployment_id, m.sequence, m.from_status, m.to_status from moves m
      where m.from_status is distinct from m.previous_status or m.sequence <> m.place
        or m.attempt <> coalesce(m.previous_attempt, 1) + (coalesce(m.from_status, 'queued') <> 'queued' and m.to_status = 'queued')::int
        or not exists (select 1 from legal l where l.from_status is not distinct from m.from_status and l.to_status = m.to_status)`,
  },
  {
    law: 'a deployment counts its preemptions; each has an event that names the preemptor, and the lost seconds once they are known',
    violations: `
      select d.id, d.preemptions from deployments d
      left join moves m on m.organization_id = d.organization_id and m.deployment_id = d.id and m.cause = 'preempted'
      group by d.organization_id, d.id having d.preemptions <> count(m.sequence)
      union all
      select m.deployment_id, m.sequence from moves m
      where (m.cause = 'preempted') <> (num_nulls(m.preemptor_id, m.preemptor_priority) = 0)
        or (m.cause = 'preempted' and (m.to_status = 'queued') <> (m.lost_seconds is not null))`,
  },
  {
    law: 'each event has one author: a pass for the causes of passes, an actor for all others',
    violations: `
      select m.deployment_id, m.sequence, m.to_status from moves m left join passes p on p.id = m.pass_id
      where (m.pass_id is null) = (m.cause in (${CAUSES_OF_PASSES.map(text).join(', ')}))
        or (m.actor_id is null) = (m.pass_id is null)
        or (m.pass_id is not null and p.cluster_id is distinct from m.cluster_id)`,
  },
  {
    law: 'times are there for exactly what has happened',
    violations: `
      select id, status from deployments
      where (status = 'queued' and num_nonnulls(scheduled_at, started_at, ended_at, released_at) > 0)
        or (status in ('scheduled', 'running', 'stopping', 'retrying', 'succeeded', 'failed', 'timed_out') and scheduled_at is null)
        or (status in ('running', 'stopping')) and started_at is null
        or (released_at is not null and ended_at is null and status <> 'retrying')
        or (status = 'expired' and (scheduled_at is not null or released_at is null))
        or (due_at is not null and status not in ('queued', 'scheduled', 'running', 'stopping', 'retrying'))
        or (status in ('stopping', 'retrying') and due_at is null)
        or (status in ('queued', 'scheduled', 'running') and num_nonnulls(stop_asked_at, stop_cause, stop_outcome, stop_report) > 0)
        or (status = 'stopping' and num_nulls(stop_asked_at, stop_cause, stop_outcome) > 0)
        or (stop_asked_at < started_at)
        or (status = 'queued') and (due_at is null) <> (queue_timeout_seconds = 0)
        or (status in ('scheduled', 'running')) and (due_at is null) <> (max_runtime_seconds = 0)`,
  },
];

/** How long what has ended may keep its resources. */
const SETTLED_WITHIN_SECONDS = 5;

const SETTLED: Law = {
  law: `what has ended gives back its resources within ${SETTLED_WITHIN_SECONDS} s`,
  violations: `
    select d.id, d.status, coalesce(d.ended_at, e.at) as ended from deployments d
    join deployment_events e on e.organization_id = d.organization_id and e.deployment_id = d.id and e.sequence = d.version
    where (d.ended_at is not null or d.status = 'retrying') and d.released_at is null
      and coalesce(d.ended_at, e.at) < statement_timestamp() - interval '${SETTLED_WITHIN_SECONDS} seconds'`,
};

/** The laws that are broken in the client's present view, each with some of the rows that break it. */
export async function brokenLaws(client: Client): Promise<string[]> {
  return broken(client, LAWS);
}

async function broken(client: Client, laws: readonly Law[]): Promise<string[]> {
  const lines: string[] = [];
  for (const { law, violations } of laws) {
    const { rows } = await client.query(`${VIEWS} select * from (${violations}) violations limit 5`);
    if (rows.length > 0) lines.push(`${law}: ${JSON.stringify(rows)}`);
  }
  return lines;
}

/** What the service's own audit finds, but for what merely comes late: it and the laws above were written by different people. */
async function brokenByTheirOwn(client: Client): Promise<string[]> {
  const lines: string[] = [];
  for (const { name, sentence, violations } of LEDGER_LAWS) {
    if (name === 'settled-in-time') continue;
    const { rows } = await client.query(`select * from (${violations}) violations limit 5`, [null]);
    if (rows.length > 0) lines.push(`${name}: ${sentence} ${JSON.stringify(rows)}`);
  }
  return lines;
}

/** All laws against one snapshot, which waits for no lock. */
async function brokenInOneSnapshot(
  client: Client,
  laws: readonly Law[],
  organizationIds?: readonly string[],
): Promise<string[]> {
  await client.query('begin isolation level repeatable read');
  try {
    if (organizationIds !== undefined) await narrowTo(client, organizationIds);
    await client.query('set transaction read only');
    const theirs = await brokenByTheirOwn(client);
    // Each law here reads whole tables. With statistics from before they grew, PostgreSQL would read one of them for each row of another.
    await client.query('set local enable_nestloop = off; set local jit = off');
    return [...(await broken(client, laws)), ...theirs];
  } finally {
    await client.query('rollback');
  }
}

/** Every law, as a sentence: each has a planted violation in a test. */
export const LAW_NAMES: readonly string[] = LAWS.map(({ law }) => law);

/**
 * Holds the ledger, the queue's counts and all histories of a database against the laws of the design.
 *
 * @param organizationIds whose rows are read; by default all
 * @throws Error that names each broken law, with rows that break it
 */
export async function assertLedgerHolds(databaseUrl: string, organizationIds?: readonly string[]): Promise<void> {
  const lines = await withClient(databaseUrl, (client) =>
    brokenInOneSnapshot(client, [...LAWS, SETTLED], organizationIds),
  );
  if (lines.length > 0) throw new Error(`the stored state breaks:\n${lines.map((line) => `  - ${line}`).join('\n')}`);
}

/**
 * Copies the rows of some organizations into temporary tables, which come before the tables of the same names until the transaction ends.
 * Only tables that laws read are copied, with the primary keys, by which laws group.
 */
async function narrowTo(client: Client, organizationIds: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
    where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace`);
  const read = [VIEWS, ...[...LAWS, SETTLED, ...LEDGER_LAWS].map(({ violations }) => violations)].join(' ');
  for (const { name } of rows.filter((row) => read.includes(row.name))) {
    await client.query(`create temporary table ${name} (like public.${name} including indexes) on commit drop`);
    await client.query(`insert into ${name} select * from public.${name} where organization_id = any ($1)`, [
      organizationIds,
    ]);
  }
}

/** Looks again and again while something else goes on. */
export interface LedgerObserver {
  /** How often it has looked. */
  readonly looks: () => number;
  /** Stops looking. @throws Error that names each law that was seen broken */
  stop(): Promise<void>;
}

/** Watches a database during load or faults: the laws hold at every committed state, not only at rest. */
export function observeLedger(databaseUrl: string, pauseMs = 100): LedgerObserver {
  let looks = 0;
  let isStopping = false;
  const seen = new Set<string>();
  const watching = withClient(databaseUrl, async (client) => {
    while (!isStopping) {
      (await brokenInOneSnapshot(client, LAWS)).forEach((line) => seen.add(line));
      looks += 1;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  });
  // Awaited in stop(); a failure before that must not count as unhandled.
  watching.catch(() => undefined);
  return {
    looks: () => looks,
    stop: async () => {
      isStopping = true;
      await watching;
      if (seen.size > 0) throw new Error(`the stored state broke meanwhile:\n${[...seen].join('\n')}`);
    },
  };
}
