import { Injectable } from '@nestjs/common';

import { Settings } from '#config';
import { Database, firstIdAfter, type Fragment, preferIndexes, rfc3339, rowsOf, sql, timeOfId } from '#database';
import { TERMINAL_STATUSES } from '#deployments';
import { KEPT_HOURS } from '#http';

/** The kinds of data that are removed after a time, and the one that is kept. */
export const KEPT_KINDS = [
  'deployments',
  'usage-sums',
  'passes',
  'pass-snapshots',
  'decisions',
  'idempotent-answers',
  'audit-entries',
] as const;

/** A kind of data by its name. */
export type KeptKind = (typeof KEPT_KINDS)[number];

/** The most overdue rows that are counted: it bounds the cost. */
export const MAX_OVERDUE = 10_000;

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** One kind of data: how long it is kept, its oldest row, and the overdue ones. */
export interface KeptData {
  readonly kind: KeptKind;
  readonly setting: string | null;
  readonly keptForSeconds: number | null;
  readonly oldestAt: string | null;
  readonly overdue: number;
}

interface Rule {
  readonly setting: string | null;
  readonly keptForSeconds: number | null;
  /** Selects one value: the time of the oldest. */
  readonly oldest: Fragment;
  /** Selects a row for each overdue one, by an index. */
  readonly overdue: Fragment;
}

/** Reads how long data is kept, and how much of it is overdue. */
@Injectable()
export class AdminRetentionService {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
  ) {}

  /** One entry for each kind of data, all of one moment. */
  async read(): Promise<KeptData[]> {
    const rules = this.rules();
    return this.database.transaction(async (tx) => {
      await preferIndexes(tx);
      const kept: KeptData[] = [];
      for (const kind of KEPT_KINDS) {
        const { setting, keptForSeconds, oldest, overdue } = rules[kind];
        const [found] = await rowsOf(
          tx,
          sql<{ oldestAt: string | null; overdue: number }>`
            select (${oldest}) as "oldestAt",
                   (select count(*)::int from (${overdue} limit ${MAX_OVERDUE}) as past) as overdue`,
        );
        kept.push({
          kind,
          setting,
          keptForSeconds,
          oldestAt: rfc3339(found?.oldestAt ?? null),
          overdue: found?.overdue ?? 0,
        });
      }
      return kept;
    });
  }

  private rules(): Readonly<Record<KeptKind, Rule>> {
    const { deploymentRetentionDays, usageRetentionDays, passRetentionDays, passSnapshotHours, decisionLogDays } =
      this.settings;
    const passSeconds = passRetentionDays * DAY_SECONDS;
    const snapshotSeconds = passSnapshotHours * HOUR_SECONDS;
    return {
      deployments: deploymentRule(deploymentRetentionDays * DAY_SECONDS),
      'usage-sums': timeRule(
        { setting: 'STOWAGE_USAGE_RETENTION_DAYS', keptForSeconds: usageRetentionDays * DAY_SECONDS },
        { table: sql`usage_sums`, time: sql`closed_at` },
      ),
      passes: idRule(
        { setting: 'STOWAGE_PASS_RETENTION_DAYS', keptForSeconds: passSeconds },
        { table: sql`passes`, id: sql`id` },
      ),
      'pass-snapshots': idRule(
        // A snapshot is removed with the record of its pass at the latest.
        snapshotSeconds <= passSeconds
          ? { setting: 'STOWAGE_PASS_SNAPSHOT_HOURS', keptForSeconds: snapshotSeconds }
          : { setting: 'STOWAGE_PASS_RETENTION_DAYS', keptForSeconds: passSeconds },
        { table: sql`pass_snapshots`, id: sql`pass_id` },
      ),
      decisions: timeRule(
        { setting: 'STOWAGE_DECISION_LOG_DAYS', keptForSeconds: decisionLogDays * DAY_SECONDS },
        { table: sql`pass_decisions`, time: sql`at` },
      ),
      'idempotent-answers': timeRule(
        { setting: null, keptForSeconds: KEPT_HOURS * HOUR_SECONDS },
        { table: sql`idempotent_answers`, time: sql`created_at` },
      ),
      'audit-entries': {
        setting: null,
        keptForSeconds: null,
        oldest: sql`select occurred_at from audit_entries order by id limit 1`,
        overdue: sql`select 1 where false`,
      },
    };
  }
}

interface Term {
  readonly setting: string | null;
  readonly keptForSeconds: number;
}

const age = (seconds: number): Fragment => sql`interval '1 second' * ${seconds}::bigint`;

/** A rule of rows whose age is in an indexed column. */
function timeRule(term: Term, { table, time }: { readonly table: Fragment; readonly time: Fragment }): Rule {
  return {
    ...term,
    oldest: sql`select ${time} from ${table} order by ${time} limit 1`,
    overdue: sql`select 1 from ${table} where ${time} < now() - ${age(term.keptForSeconds)} order by ${time}`,
  };
}

/** A rule of rows whose id contains their age. */
function idRule(term: Term, { table, id }: { readonly table: Fragment; readonly id: Fragment }): Rule {
  return {
    ...term,
    oldest: sql`select ${timeOfId(id)} from ${table} order by ${id} limit 1`,
    overdue: sql`select 1 from ${table} where ${id} < ${firstIdAfter(age(term.keptForSeconds))} order by ${id}`,
  };
}

/**
 * The rule of ended deployments. No index has the time of their end: the oldest is searched among the first submitted of each cluster and
 * each final status, overdue ones among those submitted long enough ago. No queued deployment is read, and few young ones.
 */
function deploymentRule(keptForSeconds: number): Rule {
  const perStatus = sql`clusters c cross join unnest(${[...TERMINAL_STATUSES]}::text[]) as ended (status)`;
  const ofStatus = sql`d.organization_id = c.organization_id and d.cluster_id = c.id and d.status = ended.status`;
  const order = sql`d.organization_id, d.cluster_id, d.status, d.id`;
  return {
    setting: 'STOWAGE_DEPLOYMENT_RETENTION_DAYS',
    keptForSeconds,
    oldest: sql`
      select min(first.ended_at) from ${perStatus}
      cross join lateral (select d.ended_at from deployments d where ${ofStatus} order by ${order} limit 1) as first`,
    overdue: sql`
      select 1 from ${perStatus}
      cross join lateral (
        select 1 from deployments d
        where ${ofStatus} and d.id < ${firstIdAfter(age(keptForSeconds))}
          and d.ended_at < now() - ${age(keptForSeconds)} and d.released_at is not null
        order by ${order} limit ${MAX_OVERDUE}
      ) as past`,
  };
}
