import { Injectable } from '@nestjs/common';

import { type ResourceVector } from '#kernel';
import { ClusterLookup } from '#clusters';
import { Database, type Fragment, rfc3339, rowsOf, sql } from '#database';
import { HOLDING_STATUSES } from '#deployments';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

import { UsageErrors } from './usage.errors.js';

/** Amounts as sums give them: millicores, MiB and thousandths of a device, with fractions. */
export interface UsageAmounts {
  readonly cpuMillis: number;
  readonly memoryMib: number;
  readonly gpuMillis: number;
}

/** What was allocated on average from one moment to another. Times in RFC 3339. */
export interface UsagePoint extends UsageAmounts {
  readonly from: string;
  readonly to: string;
}

/** Amounts times hours, of a deployment or of all deployments of a member. */
export interface UsageSum extends UsageAmounts {
  readonly id: string;
}

/** Amounts times hours, of all deployments that carry a label. */
export interface LabelUsage extends UsageAmounts {
  readonly key: string;
  readonly value: string;
}

/** Amounts times hours, of a deployment. */
export interface DeploymentUsage extends UsageSum {
  readonly name: string;
}

/** Lost work of preempted attempts: victim, preemptor, and what it had used, in amounts times hours. */
export interface PreemptedAttempt extends DeploymentUsage {
  readonly attempt: number;
  /** When its resources came back. RFC 3339. */
  readonly at: string;
  readonly preemptorId: string | null;
  readonly preemptorPriority: number | null;
  readonly lostSeconds: number;
}

/** All of it: the sums are of everything, the list has the newest, at most {@link MAX_SUMS}. */
export interface PreemptedUsage extends UsageAmounts {
  readonly count: number;
  readonly lostSeconds: number;
  readonly attempts: readonly PreemptedAttempt[];
}

/** What was used in a period. */
export interface UsageView {
  readonly from: string;
  readonly to: string;
  readonly stepSeconds: number;
  readonly capacity: ResourceVector;
  readonly points: readonly UsagePoint[];
  /** Amounts times hours. */
  readonly total: UsageAmounts;
  /** The largest sums, at most {@link MAX_SUMS}. */
  readonly members: readonly UsageSum[];
  readonly labels: readonly LabelUsage[];
  readonly deployments: readonly DeploymentUsage[];
  /** Of what was used, what preemption has made worthless. */
  readonly preempted: PreemptedUsage;
}

/** From when to when, in RFC 3339; the end is now at the latest, and when it is left out; the beginning that of the last 24 hours. */
export interface UsagePeriod {
  readonly from: string | null;
  readonly to: string | null;
  readonly stepSeconds: number;
}

/** The most points of one answer. */
export const MAX_POINTS = 1_000;

/** The most deployments, members and labels that one answer lists. */
export const MAX_SUMS = 1_000;

/** The longest period of one answer, in days. */
export const MAX_DAYS = 400;

const RESOURCES = ['cpu_millis', 'memory_mib', 'gpu_millis'] as const;

const each = (write: (column: Fragment) => Fragment): Fragment =>
  sql.join(RESOURCES.map((column) => write(sql.raw(column))));

/** A period that ends in the past, by the database's clock, and the number of its steps. */
interface ClosedPeriod {
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
  readonly steps: number;
}

type Sums = Omit<UsageView, 'from' | 'to' | 'stepSeconds' | 'capacity'>;

/**
 * Sums over time, computed by PostgreSQL from the ledger.
 *
 * What is open now is known; each entry since then changed it at its moment. So the sum over a period is what is open now times its
 * length, less each later change times the time before it. That needs the entries since the period began and the open allocations, and
 * nothing older, and it is exact at both edges. Attempts whose entries are not kept any more count by the sums that stand for them.
 */
@Injectable()
export class UsageService {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterLookup,
  ) {}

  /** @throws CLUSTERS.NOT_FOUND, USAGE.PERIOD_INVALID */
  async read(actor: Actor, cluster: ClusterRef, period: UsagePeriod): Promise<UsageView> {
    const { capacity } = await this.clusters.read(actor, cluster);
    const closed = await this.close(period);
    const { stepSeconds } = period;
    const [sums] = await rowsOf(
      this.database.reader(),
      sql<Sums>`
        with ${changesSince(cluster, closed)},
        ${pointsOf(closed, stepSeconds)},
        ${sumsOf(cluster.organizationId, closed)},
        ${preemptedIn(cluster, closed)}
        select (select coalesce(jsonb_agg(p order by p."from"), '[]') from points p) as points,
               (select to_jsonb(t) from total t) as total,
               (select coalesce(jsonb_agg(m), '[]') from members m) as members,
               (select coalesce(jsonb_agg(l), '[]') from labels l) as labels,
               (select coalesce(jsonb_agg(d), '[]') from biggest d) as deployments,
               (select to_jsonb(g) from given_up g) as preempted`,
    );
    if (sums === undefined) throw new RangeError('a statement without a condition has answered no row');
    return { from: closed.from, to: closed.to, stepSeconds, capacity, ...sums };
  }

  private async close({ from, to, stepSeconds }: UsagePeriod): Promise<ClosedPeriod> {
    const [row] = await rowsOf(
      this.database.reader(),
      sql<{ from: string; to: string; seconds: number }>`
        select f as from, t as to, extract(epoch from t - f)::float8 as seconds
        from (select least(${to}::timestamptz, statement_timestamp()) as t) until
        cross join lateral (select coalesce(${from}::timestamptz, t - interval '24 hours') as f) since`,
    );
    const seconds = row?.seconds ?? 0;
    const steps = Math.max(0, Math.ceil(seconds / stepSeconds));
    const fault = faultOf(seconds, steps);
    if (row === undefined || fault !== undefined) {
      throw UsageErrors.PERIOD_INVALID.because(fault, { maxSteps: MAX_POINTS, maxDays: MAX_DAYS, steps });
    }
    return { from: rfc3339(row.from), to: rfc3339(row.to), seconds, steps };
  }
}

/** What is wrong with a period of this length and step, in a sentence; undefined when nothing is. */
function faultOf(seconds: number, steps: number): string | undefined {
  if (seconds <= 0) return 'The period does not begin before it ends, which it does now at the latest.';
  if (seconds > MAX_DAYS * 86_400) return `The period is longer than ${MAX_DAYS} days.`;
  if (steps > MAX_POINTS) return `The period has ${steps} steps, and may have ${MAX_POINTS}.`;
  return undefined;
}

/** `held`: what is open now. `changes`: what changed since the period began, and how many seconds after its beginning. */
function changesSince({ organizationId, clusterId }: ClusterRef, { from }: ClosedPeriod): Fragment {
  return sql`
    held as materialized (
      select id, ${each((column) => sql`${column}`)} from deployments
      where cluster_id = ${clusterId} and status = any(${[...HOLDING_STATUSES]})
      union all
      select id, ${each((column) => sql`${column}`)} from deployments
      where cluster_id = ${clusterId} and (ended_at is not null or status = 'retrying') and released_at is null
    ), changes as materialized (
      select deployment_id as id, extract(epoch from at - ${from}::timestamptz) as second,
             ${each((column) => sql`case kind when 'release' then -${column} else ${column} end as ${column}`)}
      from ledger_entries
      where cluster_id = ${clusterId} and organization_id = ${organizationId} and at >= ${from}::timestamptz
      union all
      select deployment_id, extract(epoch from moment.at - ${from}::timestamptz),
             ${each((column) => sql`moment.sign * ${column}`)}
      from usage_sums cross join lateral (values (opened_at, 1), (closed_at, -1)) moment (at, sign)
      where cluster_id = ${clusterId} and organization_id = ${organizationId} and closed_at >= ${from}::timestamptz
        and moment.at >= ${from}::timestamptz
    )`;
}

/** `points`: the average per step. Changes are summed per step once, so that the cost is entries plus steps. */
function pointsOf({ from, to, seconds, steps }: ClosedPeriod, stepSeconds: number): Fragment {
  const total = sql`${seconds}::float8::numeric`;
  return sql`
    steps as (
      select step, step * ${stepSeconds}::int as begins, least((step + 1) * ${stepSeconds}::int, ${total}) as ends
      from generate_series(0, ${steps}::int) step
    ), open_now as (
      select ${each((column) => sql`coalesce(sum(${column}), 0) as ${column}`)} from held
    ), changed as (
      select least(case when second >= ${total} then ${steps}::int else floor(second / ${stepSeconds}::int)::int end, ${steps}::int) as step,
             ${each((column) => sql`sum(${column}) as ${column}`)},
             ${each((column) => sql`sum(${column} * (second % ${stepSeconds}::int)) as within_${column}`)}
      from changes group by 1
    ), running as (
      select steps.step, begins, ends,
             ${each((column) => sql`coalesce(sum(${column}) over later, 0) as later_${column}`)},
             ${each((column) => sql`coalesce(within_${column}, 0) as within_${column}`)}
      from steps left join changed using (step)
      window later as (order by steps.step desc rows between unbounded preceding and 1 preceding)
    ), points as (
      select to_char(${from}::timestamptz + begins * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "from",
             to_char(least(${from}::timestamptz + ends * interval '1 second', ${to}::timestamptz), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "to",
             ${amountsAs((column) => sql`open_now.${column} - later_${column} - within_${column} / (ends - begins)`)}
      from running cross join open_now where running.step < ${steps}::int
    )`;
}

/** `total`, `members`, `labels` and `biggest`: amounts times hours, of deployments that are there and of those that were. */
function sumsOf(organizationId: string, { seconds }: ClosedPeriod): Fragment {
  const total = sql`${seconds}::float8::numeric`;
  return sql`
    used as materialized (
      select id, ${each((column) => sql`sum(${column}) / 3600 as ${column}`)} from (
        select id, ${each((column) => sql`${column} * ${total} as ${column}`)} from held
        union all
        select id, ${each((column) => sql`-${column} * least(second, ${total})`)} from changes
      ) parts
      group by id having sum(cpu_millis) <> 0 or sum(memory_mib) <> 0 or sum(gpu_millis) <> 0
    ), total as (
      select ${amountsAs((column) => sql`coalesce(sum(${column}), 0)`)} from used
    ), named as materialized (
      select used.*, coalesce(d.name, closed.name) as name, coalesce(d.submitted_by, closed.submitted_by) as submitted_by,
             coalesce(d.labels, closed.labels) as labels
      from used
      left join deployments d on d.organization_id = ${organizationId}::uuid and d.id = used.id
      left join lateral (
        select name, submitted_by, labels from usage_sums where deployment_id = used.id limit 1
      ) closed on d.id is null
    ), members as (
      select submitted_by as id, ${amountsAs((column) => sql`sum(${column})`)}
      from named where submitted_by is not null group by submitted_by
      order by 2 desc, 3 desc, 4 desc, 1 limit ${MAX_SUMS}
    ), labels as (
      select label.key, label.value, ${amountsAs((column) => sql`sum(${column})`)}
      from named cross join lateral jsonb_each_text(named.labels) label group by label.key, label.value
      order by 3 desc, 4 desc, 5 desc, 1, 2 limit ${MAX_SUMS}
    ), biggest as (
      select id, name, ${amountsAs((column) => sql`${column}`)}
      from named where name is not null
      order by named.cpu_millis desc, named.memory_mib desc, named.gpu_millis desc, id limit ${MAX_SUMS}
    )`;
}

/**
 * `given_up`: attempts whose resources a preemption took, by when they came back. Who needed time to stop has the preemptor in the event that
 * asked for it, an event of the attempt before.
 */
function preemptedIn({ organizationId, clusterId }: ClusterRef, { from, to }: ClosedPeriod): Fragment {
  return sql`
    lost as materialized (
      select e.organization_id, e.deployment_id as id, d.name, e.attempt - 1 as attempt, e.sequence, e.at, e.lost_seconds,
             e.preemptor_id, e.preemptor_priority, ${each((column) => sql`d.${column}::numeric * e.lost_seconds / 3600 as ${column}`)}
      from deployment_events e join deployments d on d.organization_id = e.organization_id and d.id = e.deployment_id
      where e.cluster_id = ${clusterId} and e.organization_id = ${organizationId} and e.lost_seconds is not null
        and e.at >= ${from}::timestamptz and e.at < ${to}::timestamptz
    ), newest_lost as (
      select * from lost order by at desc, id limit ${MAX_SUMS}
    ), attributed as (
      select lost.id, lost.name, lost.attempt,
             to_char(lost.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
             coalesce(lost.preemptor_id, asked.preemptor_id) as "preemptorId",
             coalesce(lost.preemptor_priority, asked.preemptor_priority) as "preemptorPriority",
             lost.lost_seconds as "lostSeconds", ${amountsAs((column) => sql`lost.${column}`)}
      from newest_lost lost left join lateral (
        select e.preemptor_id, e.preemptor_priority from deployment_events e
        where e.organization_id = lost.organization_id and e.deployment_id = lost.id and e.sequence < lost.sequence
          and e.attempt = lost.attempt and e.preemptor_priority is not null
        order by e.sequence desc limit 1
      ) asked on true
      order by lost.at desc, lost.id
    ), given_up as (
      select count(*)::int as count, coalesce(sum(lost_seconds), 0)::float8 as "lostSeconds",
             ${amountsAs((column) => sql`coalesce(sum(${column}), 0)`)},
             (select coalesce(jsonb_agg(a), '[]') from attributed a) as attempts
      from lost
    )`;
}

/** The three amounts of a row, as the view names them, to the millionth. */
function amountsAs(value: (column: Fragment) => Fragment): Fragment {
  const names = { cpu_millis: 'cpuMillis', memory_mib: 'memoryMib', gpu_millis: 'gpuMillis' } as const;
  return sql.join(
    RESOURCES.map((column) => sql`round((${value(sql.raw(column))})::numeric, 6) as ${sql.ref(names[column])}`),
  );
}
