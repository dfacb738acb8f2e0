import { SHAPE_COLUMNS } from '#database';
import { HOLDING_STATUSES } from '#deployments';

/**
 * How much of the ledger a law's statement reads.
 *
 * `quick`: one sum per cluster from indexes that hold nothing but open allocations and what ended just now, cheap enough for every five
 * seconds. `recent`: as quick, but it reads only the newest entries and as many allocations, and proves nothing of the rest.
 * `full`: every entry there is.
 */
export type LawDepth = 'quick' | 'recent' | 'full';

/** What must be true of the stored ledger at every committed state. */
export interface LedgerLaw {
  /** A stable name in kebab-case: findings carry it. */
  readonly name: string;
  /** The same as a sentence. */
  readonly sentence: string;
  readonly depth: LawDepth;
  /** True when nothing may be started in a cluster that breaks it. What merely comes late, or slows the scheduler down, is told only. */
  readonly isDrift: boolean;
  /**
   * A statement that finds what breaks it, as rows of (organization_id, cluster_id, detail jsonb).
   * `$1` is a cluster's id, or null for all clusters.
   */
  readonly violations: string;
}

/** The most entries, and the most allocations, that a law of depth `recent` reads. */
export const RECENT = 10_000;

/** How long what has ended may keep its resources, in seconds. */
const SETTLED_WITHIN_SECONDS = 5;

const COLUMNS = ['cpu_millis', 'memory_mib', 'gpu_millis'] as const;
const each = (write: (column: string) => string, separator = ', '): string => COLUMNS.map(write).join(separator);

const here = (column: string): string => `($1::uuid is null or ${column} = $1::uuid)`;

/** What holds resources by its status, from the two partial indexes that have nothing else in them. */
const HOLDING = `
  select organization_id, cluster_id, id, attempt, ${each((column) => column)} from deployments
  where status in (${HOLDING_STATUSES.map((status) => `'${status}'`).join(', ')}) and ${here('cluster_id')}
  union all
  select organization_id, cluster_id, id, attempt, ${each((column) => column)} from deployments
  where (ended_at is not null or status = 'retrying') and released_at is null and ${here('cluster_id')}`;

/** An entry's amount with its sign: allocations count up, releases down, corrections as they are written. */
const signed = (column: string): string => `case l.kind when 'release' then -l.${column} else l.${column} end`;

/** What is still open of what a checkpoint closes: nothing, while all is well. */
const balance = (column: string): string => `k.allocated_${column} - k.released_${column} + k.corrected_${column}`;

/** What each attempt still has by the entries of some ledger rows, wherever they say that they belong. */
const openBy = (entries: string): string => `
  select l.organization_id, l.cluster_id, l.deployment_id, l.attempt,
         ${each((column) => `sum(${signed(column)}) as ${column}`)}
  from ${entries} l group by 1, 2, 3, 4`;

const amounts = (row: string): string => `(${each((column) => `${row}.${column}`)})`;
const amountsOrZero = (row: string): string => `(${each((column) => `coalesce(${row}.${column}, 0)`)})`;
const asJson = (row: string): string =>
  `jsonb_build_object(${each((column) => `'${column}', coalesce(${row}.${column}, 0)`)})`;

/** `allocated` of each cluster against sums of rows. */
const allocatedIs = (rows: string): string => `
  select c.organization_id, c.id as cluster_id,
         jsonb_build_object('allocated', jsonb_build_object(${each((column) => `'${column}', c.allocated_${column}`)}), 'sum', ${asJson('s')}) as detail
  from clusters c
  left join (
    select cluster_id, ${each((column) => `sum(${column}) as ${column}`)} from (${rows}) r group by cluster_id
  ) s on s.cluster_id = c.id
  where ${here('c.id')} and (${each((column) => `c.allocated_${column}`)}) <> ${amountsOrZero('s')}`;

/** Attempts whose entries and status disagree about what they hold. */
const attemptsDisagree = (open: string, held: string, join: string): string => `
  select coalesce(o.organization_id, h.organization_id) as organization_id,
         coalesce(o.cluster_id, h.cluster_id) as cluster_id,
         jsonb_build_object('deploymentId', coalesce(o.deployment_id, h.id), 'attempt', coalesce(o.attempt, h.attempt),
                            'open', ${asJson('o')}, 'held', ${asJson('h')}) as detail
  from (${open}) o
  ${join} (${held}) h on h.organization_id = o.organization_id and h.cluster_id = o.cluster_id
                     and h.id = o.deployment_id and h.attempt = o.attempt
  where ${amountsOrZero('o')} <> ${amountsOrZero('h')}`;

/** Excludes attempts that a repair has corrected: what is wrong with them is known, and the correction balances it. */
const notCorrected = (row: string): string => `not exists (
  select 1 from ledger_entries x where x.kind = 'correct' and x.deployment_id = ${row}.deployment_id and x.attempt = ${row}.attempt)`;

/** The attempts of the newest entries, with all their entries. */
const RECENT_ENTRIES = `(
  select e.* from (
    select distinct n.deployment_id, n.attempt from (
      select deployment_id, attempt, cluster_id from ledger_entries order by id desc limit ${RECENT}
    ) n where ${here('n.cluster_id')}
  ) n join ledger_entries e on e.deployment_id = n.deployment_id and e.attempt = n.attempt)`;

/** What an attempt holds by its status, found by the key of one row. */
const HELD_BY_KEY = `
  select d.organization_id, d.cluster_id, d.id, d.attempt, ${each((column) => `d.${column}`)} from deployments d
  where d.organization_id = o.organization_id and d.id = o.deployment_id and d.attempt = o.attempt and d.cluster_id = o.cluster_id
    and (d.status in (${HOLDING_STATUSES.map((status) => `'${status}'`).join(', ')})
      or ((d.ended_at is not null or d.status = 'retrying') and d.released_at is null))`;

/** The sum of what one holding row has by its entries. The cluster is no condition: PostgreSQL might begin with all entries of it. */
const OPEN_BY_KEY = `
  select ${each((column) => `sum(${signed(column)}) filter (where l.organization_id = h.organization_id and l.cluster_id = h.cluster_id) as ${column}`)}
  from ledger_entries l where l.deployment_id = h.id and l.attempt = h.attempt`;

const SUMS: readonly LedgerLaw[] = [
  {
    name: 'allocated-within-capacity',
    sentence: 'Of each resource, what is allocated is at least nothing and at most the capacity.',
    depth: 'quick',
    isDrift: true,
    violations: `
      select organization_id, id as cluster_id,
             jsonb_build_object(${each((column) => `'${column}', jsonb_build_array(allocated_${column}, capacity_${column})`)}) as detail
      from clusters
      where ${here('id')} and (${each((column) => `allocated_${column} not between 0 and capacity_${column}`, ' or ')})`,
  },
  {
    name: 'allocated-is-held',
    sentence: 'What is allocated is the sum of what deployments hold by their status.',
    depth: 'quick',
    isDrift: true,
    violations: allocatedIs(HOLDING),
  },
  {
    name: 'allocated-is-open',
    sentence:
      'What is allocated is the balance of the checkpoint and the sum of all entries since: allocations up, releases down, corrections as written.',
    depth: 'full',
    isDrift: true,
    violations: allocatedIs(
      `select l.cluster_id, ${each((column) => `${signed(column)} as ${column}`)} from ledger_entries l where ${here('l.cluster_id')}
       union all
       select k.cluster_id, ${each((column) => `${balance(column)} as ${column}`)} from ledger_checkpoints k where ${here('k.cluster_id')}`,
    ),
  },
  {
    name: 'checkpoint-is-balanced',
    sentence: 'What a checkpoint closes was released as it was allocated, but for what was corrected.',
    depth: 'full',
    isDrift: true,
    violations: `
      select k.organization_id, k.cluster_id, to_jsonb(k) as detail from ledger_checkpoints k
      where ${here('k.cluster_id')} and (${each((column) => `${balance(column)} <> 0`, ' or ')})`,
  },
];

const ATTEMPTS: readonly LedgerLaw[] = [
  {
    name: 'recent-entries-agree',
    sentence: `An attempt among the newest ${RECENT} entries has by its entries what it holds by its status.`,
    depth: 'recent',
    isDrift: true,
    violations: `
      select o.organization_id, o.cluster_id,
             jsonb_build_object('deploymentId', o.deployment_id, 'attempt', o.attempt, 'open', ${asJson('o')}, 'held', ${asJson('h')}) as detail
      from (${openBy(RECENT_ENTRIES)}) o left join lateral (${HELD_BY_KEY}) h on true
      where ${amounts('o')} <> ${amountsOrZero('h')}`,
  },
  {
    name: 'holders-have-entries',
    sentence: `Each of the first ${RECENT} deployments that hold resources has an open allocation of its request.`,
    depth: 'recent',
    isDrift: true,
    violations: `
      select h.organization_id, h.cluster_id,
             jsonb_build_object('deploymentId', h.id, 'attempt', h.attempt, 'open', ${asJson('o')}, 'held', ${asJson('h')}) as detail
      from (select * from (${HOLDING}) held limit ${RECENT}) h left join lateral (${OPEN_BY_KEY}) o on true
      where ${amountsOrZero('o')} <> ${amounts('h')}`,
  },
  {
    name: 'one-open-allocation',
    sentence:
      'An attempt that holds resources has one open allocation, of its request, in its cluster; every other attempt has none.',
    depth: 'full',
    isDrift: true,
    violations: attemptsDisagree(
      openBy(`(select * from ledger_entries where ${here('cluster_id')})`),
      HOLDING,
      'full join',
    ),
  },
  {
    name: 'release-follows-allocation',
    sentence: 'A release follows an allocation of the same attempt, unless a correction makes it good.',
    depth: 'full',
    isDrift: true,
    violations: `
      select r.organization_id, r.cluster_id, jsonb_build_object('entry', r.id, 'deploymentId', r.deployment_id) as detail
      from ledger_entries r
      left join ledger_entries a on a.deployment_id = r.deployment_id and a.attempt = r.attempt and a.kind = 'allocate' and a.id < r.id
      where r.kind = 'release' and a.id is null and ${here('r.cluster_id')} and ${notCorrected('r')}`,
  },
];

const PLACES: readonly LedgerLaw[] = [
  {
    name: 'entry-in-its-cluster',
    sentence: 'An entry names the cluster and the organization of its deployment, unless a correction makes it good.',
    depth: 'full',
    isDrift: true,
    violations: `
      select l.organization_id, l.cluster_id, jsonb_build_object('entry', l.id, 'deploymentId', l.deployment_id) as detail
      from ledger_entries l
      left join deployments d on d.organization_id = l.organization_id and d.id = l.deployment_id
      where d.cluster_id is distinct from l.cluster_id and ${here('l.cluster_id')} and ${notCorrected('l')}`,
  },
  {
    name: 'entry-names-its-pass',
    sentence:
      'An entry names the pass that wrote it, a pass on its cluster; of passes before the oldest record nothing is known.',
    depth: 'full',
    isDrift: false,
    violations: `
      select l.organization_id, l.cluster_id, jsonb_build_object('entry', l.id, 'passId', l.pass_id) as detail
      from ledger_entries l left join passes p on p.id = l.pass_id
      where ${here('l.cluster_id')} and p.cluster_id is distinct from l.cluster_id
        and (p.id is not null or l.pass_id >= (select id from passes order by id limit 1))`,
  },
];

const QUEUE: readonly LedgerLaw[] = [
  {
    name: 'settled-in-time',
    sentence: `What has ended gives back its resources within ${SETTLED_WITHIN_SECONDS} s, or by the first pass after that.`,
    depth: 'quick',
    isDrift: false,
    violations: `
      select d.organization_id, d.cluster_id, jsonb_build_object('deploymentId', d.id, 'endedAt', coalesce(d.ended_at, e.at)) as detail
      from deployments d
      left join lateral (
        select at from deployment_events e
        where e.organization_id = d.organization_id and e.deployment_id = d.id and e.sequence = d.version
        limit 1
      ) e on d.ended_at is null
      where (d.ended_at is not null or d.status = 'retrying') and d.released_at is null and ${here('d.cluster_id')}
        and coalesce(d.ended_at, e.at) < statement_timestamp() - interval '${SETTLED_WITHIN_SECONDS} seconds'
        -- A cluster whose signals no pass has taken yet waits for its turn: nothing is wrong with its ledger.
        and (not exists (
               select from cluster_signals s where s.cluster_id = d.cluster_id and s.reason <> 'repair')
             or (select p.started_at from passes p where p.cluster_id = d.cluster_id order by p.id desc limit 1)
                > coalesce(d.ended_at, e.at) + interval '${SETTLED_WITHIN_SECONDS} seconds')`,
  },
  {
    name: 'counts-are-the-queue',
    sentence: 'The counts of waiting shapes, with the signals that no pass has taken yet, are the queue.',
    depth: 'full',
    isDrift: false,
    violations: `
      select organization_id, cluster_id,
             jsonb_build_object('priority', priority, ${each((column) => `'${column}', ${column}`)}, 'waits', sum(waits), 'counted', sum(counted)) as detail
      from (
        select organization_id, cluster_id, ${SHAPE_COLUMNS}, 0 as waits, waiting as counted from queue_shapes where ${here('cluster_id')}
        union all
        select organization_id, cluster_id, ${SHAPE_COLUMNS}, 0, change from cluster_signals where change <> 0 and ${here('cluster_id')}
        union all
        select organization_id, cluster_id, ${SHAPE_COLUMNS}, 1, 0 from deployments where status = 'queued' and ${here('cluster_id')}
      ) parts
      group by organization_id, cluster_id, ${SHAPE_COLUMNS} having sum(waits) <> sum(counted)`,
  },
];

/** Every law of the ledger. Pure text: it runs in any session that can read the tables. */
export const LEDGER_LAWS: readonly LedgerLaw[] = [...SUMS, ...ATTEMPTS, ...PLACES, ...QUEUE];
