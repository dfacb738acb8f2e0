import { Injectable } from '@nestjs/common';

import { DomainError } from '#kernel';
import { visibleClusters } from '#clusters';
import { changesOf, type EntityManager, type Fragment, preferIndexes, rowsOf, sql } from '#database';
import { ClusterSignals } from '#queue';
import { type Actor, isOwnOrAdmin, notOwner } from '#rbac';

import {
  DEPLOYMENT_STATUSES,
  type DeploymentStatus,
  HOLDING_STATUSES,
  type StopOutcome,
} from '../deployment-status.js';
import { DeploymentErrors, standing } from '../deployments.errors.js';

/** How an attempt can end by its runtime's report. */
export const OUTCOMES = ['succeeded', 'failed'] as const satisfies readonly DeploymentStatus[];

export type Outcome = (typeof OUTCOMES)[number];

/**
 * How long after a failure the next attempt goes back to the queue: a second, then twice as long each time, at most five minutes. As SQL
 * over the deployment's row: the clock is the database's.
 */
const RETRY_DELAY = sql`least(power(2, retries), 300) * interval '1 second'`;

/** A runtime says how an attempt ended. */
export interface Report {
  readonly id: string;
  /** null: whichever is the present one */
  readonly attempt: number | null;
  readonly outcome: Outcome;
  readonly message: string | null;
}

/** What became of one report: accepted (also when it was known before), or why not. */
export type ReportResult = { readonly id: string } | DomainError;

/** Where the reported deployments must be. */
export interface ReportScope {
  readonly organizationId: string;
  /** null: in any cluster of the organization */
  readonly clusterId: string | null;
}

interface ReportedRow {
  readonly id: string;
  readonly clusterId: string;
  readonly status: DeploymentStatus;
  readonly attempt: number;
  readonly maxRetries: number;
  readonly retries: number;
  readonly submittedBy: string;
  /** What becomes of what stops, or became of what was stopped. */
  readonly stopOutcome: StopOutcome | null;
  /** What was reported of it when it was to stop. */
  readonly stopReport: Outcome | null;
  readonly isVisible: boolean;
}

/** As much of a deployment as reports change. */
type Standing = Pick<ReportedRow, 'status' | 'stopReport'>;

/** A report that ends an attempt, with the status before and after. */
interface EndingReport extends Report {
  readonly from: DeploymentStatus;
  readonly to: DeploymentStatus;
  readonly stopReport: Outcome | null;
}

/**
 * Said by what is not wanted: with the statuses that are, PostgreSQL might begin with the partial index that has them, and not with
 * the reported ids.
 */
const NOT_HOLDING = DEPLOYMENT_STATUSES.filter((status) => !isHolding(status));

/** Writes reports of ended attempts, any number in two or three statements. */
@Injectable()
export class ReportWriter {
  constructor(private readonly signals: ClusterSignals) {}

  /**
   * Ends the attempts that the reports name, and says of each report what became of it, in their order.
   *
   * @returns also the clusters in which something ended: they want a nudge when `tx` has committed
   */
  async write(
    tx: EntityManager,
    actor: Actor,
    scope: ReportScope,
    reports: readonly Report[],
  ): Promise<{ results: readonly ReportResult[]; clusterIds: readonly string[] }> {
    await preferIndexes(tx);
    const known = await this.find(tx, actor, scope, reports);
    const ended = new Map<string, EndingReport>();
    const results = reports.map((report): ReportResult => {
      const row = known.get(report.id);
      if (row === undefined) return DeploymentErrors.NOT_FOUND.because();
      const before = ended.get(report.id);
      const now = before === undefined ? row : { status: before.to, stopReport: before.stopReport };
      const refusal = refusalOf(actor, report, row, now);
      if (refusal !== undefined) return refusal;
      if (isOpen(now)) ended.set(report.id, endingBy(report, row));
      return { id: report.id };
    });
    const clusterIds = new Set([...ended.keys()].flatMap((id) => known.get(id)?.clusterId ?? []));
    await this.end(tx, actor, scope.organizationId, [...ended.values()]);
    for (const clusterId of clusterIds) {
      await this.signals.announce(tx, { organizationId: scope.organizationId, clusterId }, 'ended');
    }
    return { results, clusterIds: [...clusterIds] };
  }

  /**
   * The reported deployments, those that hold resources locked in the order of their ids: two batches cannot wait for each other. What
   * holds nothing is only read, since no report changes it: a pass that places a batch of it must not wait for this one, either.
   */
  private async find(
    tx: EntityManager,
    actor: Actor,
    scope: ReportScope,
    reports: readonly Report[],
  ): Promise<Map<string, ReportedRow>> {
    const ids = reports.map(({ id }) => id);
    const locked = await this.read(
      tx,
      actor,
      scope,
      ids,
      sql`where d.status <> all(${NOT_HOLDING}) order by d.id for no key update of d`,
    );
    const missing = ids.filter((id) => !locked.has(id));
    if (missing.length === 0) return locked;
    const others = await this.read(tx, actor, scope, missing, sql``);
    // What holds resources only now waited a moment ago, when this report came.
    const judged = [...others.values()].map((row) =>
      isHolding(row.status) ? { ...row, status: 'queued' as const } : row,
    );
    return new Map([...locked.values(), ...judged].map((row) => [row.id, row]));
  }

  private async read(
    tx: EntityManager,
    actor: Actor,
    { organizationId, clusterId }: ReportScope,
    ids: readonly string[],
    which: Fragment,
  ): Promise<Map<string, ReportedRow>> {
    const rows = await rowsOf(
      tx,
      sql<ReportedRow>`
        with wanted as materialized (
          select distinct ${organizationId}::uuid as organization_id, id from unnest(${[...ids]}::uuid[]) as wanted (id)
        )
        select d.id, d.cluster_id as "clusterId", d.status, d.attempt, d.max_retries as "maxRetries", d.retries,
               d.submitted_by as "submittedBy", d.stop_outcome as "stopOutcome", d.stop_report as "stopReport",
               ${visibleClusters(actor, organizationId, 'd.cluster_id')} as "isVisible"
        from wanted join deployments d on d.organization_id = wanted.organization_id and d.id = wanted.id
        ${which}`,
    );
    // The cluster is compared here: in the statement it would be a constant, with which PostgreSQL might begin.
    const visible = rows.filter((row) => row.isVisible && (clusterId === null || row.clusterId === clusterId));
    return new Map(visible.map((row) => [row.id, row]));
  }

  /** The rows are locked, and known to be in the status that each report was judged by. */
  private async end(
    tx: EntityManager,
    actor: Actor,
    organizationId: string,
    reports: readonly EndingReport[],
  ): Promise<void> {
    if (reports.length === 0) return;
    await changesOf(
      tx,
      sql`
        with reported as materialized (
          select ${organizationId}::uuid as organization_id, *
          from unnest(${reports.map(({ id }) => id)}::uuid[], ${reports.map(({ from }) => from)}::text[],
                      ${reports.map(({ to }) => to)}::text[], ${reports.map(({ stopReport }) => stopReport)}::text[],
                      ${reports.map(({ message }) => message)}::text[])
            as reported (id, from_status, to_status, stop_report, message)
        ), ended as (
          update deployments d
          set status = reported.to_status, version = version + 1, message = reported.message, stop_report = reported.stop_report,
              retries = retries + (reported.to_status = 'retrying')::int,
              ended_at = case when reported.to_status not in ('retrying', 'stopping')
                           then greatest(statement_timestamp(), scheduled_at, started_at) end,
              due_at = case reported.to_status when 'retrying' then statement_timestamp() + ${RETRY_DELAY}
                         when 'stopping' then statement_timestamp() end
          from reported
          where d.organization_id = reported.organization_id and d.id = reported.id
          returning d.*, reported.from_status
        )
        insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status,
                                       to_status, cause, actor_id, at)
        select organization_id, id, version, cluster_id, attempt, from_status, status, 'reported', ${actor.id},
               coalesce(ended_at, statement_timestamp())
        from ended`,
    );
  }
}

function isHolding(status: DeploymentStatus | undefined): boolean {
  return HOLDING_STATUSES.some((holding) => holding === status);
}

/** Whether an attempt can still end by a report. */
function isOpen({ status, stopReport }: Standing): boolean {
  return isHolding(status) && stopReport === null;
}

/** What a report makes of a deployment that is open. */
function endingBy(report: Report, row: ReportedRow): EndingReport {
  const { outcome } = report;
  if (row.status === 'stopping')
    return { ...report, from: row.status, to: statusAfterStop(report, row), stopReport: outcome };
  const isRetried = outcome === 'failed' && row.retries < row.maxRetries;
  return { ...report, from: row.status, to: isRetried ? 'retrying' : outcome, stopReport: null };
}

/** What was to end has ended. What gave way is done if it says so; else it waits for the pass that takes its resources, and queues it. */
function statusAfterStop({ outcome }: Report, { stopOutcome }: ReportedRow): DeploymentStatus {
  if (stopOutcome !== 'queued') return stopOutcome ?? 'cancelled';
  return outcome === 'succeeded' ? 'succeeded' : 'stopping';
}

/** Why a report is refused; undefined when it says something new, or what is known. */
function refusalOf(actor: Actor, report: Report, row: ReportedRow, now: Standing): DomainError | undefined {
  const { status, stopReport } = now;
  if (!isOwnOrAdmin(actor, row.submittedBy)) return notOwner(actor);
  const facts = { id: row.id, deploymentStatus: status, attempt: row.attempt };
  if (report.attempt !== null && report.attempt !== row.attempt) {
    return DeploymentErrors.STALE_ATTEMPT.because(standing(status, row.attempt), facts);
  }
  if (isOpen(now) || status === report.outcome || stopReport === report.outcome) return undefined;
  if (status === 'retrying' && report.outcome === 'failed') return undefined;
  return DeploymentErrors.INVALID_STATE.because(standing(status, row.attempt), facts);
}
