import { type DomainError } from '#kernel';
import { type Actor, isOwnOrAdmin, notOwner } from '#rbac';

import { DeploymentErrors, describeStatus } from '../deployments.errors.js';
import { type DeploymentStatus, isHolding, type StopOutcome } from '../states/deployment-status.js';
import { type Transition, TRANSITIONS } from '../states/transitions.js';

/** Outcomes of an attempt that a runtime can report. */
export const OUTCOMES = ['succeeded', 'failed'] as const satisfies readonly DeploymentStatus[];

export type Outcome = (typeof OUTCOMES)[number];

/** A runtime's report of the end of an attempt. */
export interface Report {
  readonly id: string;
  /** null: the present attempt */
  readonly attempt: number | null;
  readonly outcome: Outcome;
  readonly message: string | null;
}

/** The result of one report: accepted (also a repetition), or the reason of its refusal. */
export type ReportResult = { readonly id: string } | DomainError;

/** A deployment as far as reports depend on it. */
export interface ReportedDeployment {
  readonly id: string;
  readonly clusterId: string;
  readonly status: DeploymentStatus;
  readonly attempt: number;
  readonly maxRetries: number;
  readonly retries: number;
  readonly submittedBy: string;
  readonly storedBytes: number;
  /** The outcome of a stop, also of one that is over. */
  readonly stopOutcome: StopOutcome | null;
  /** The outcome that was reported while it was stopping. */
  readonly stopReport: Outcome | null;
}

/** An accepted report that changes something, with the status before it. */
export interface EndingReport extends Report {
  readonly from: DeploymentStatus;
  readonly transition: Transition;
  /** Of the deployment, before the report. */
  readonly storedBytes: number;
  readonly stopReport: Outcome | null;
}

/** The deployment after a report. */
export function afterReport(row: ReportedDeployment, { transition, stopReport }: EndingReport): ReportedDeployment {
  return { ...row, status: transition.to, stopReport };
}

/** What a report changes; undefined where the deployment already is as the report says. */
export function endingBy(report: Report, row: ReportedDeployment): EndingReport | undefined {
  if (!isOpen(row)) return undefined;
  const isStopping = row.status === 'stopping';
  const transition = isStopping ? endOfStop(report, row) : endOfRun(report, row);
  const stopReport = isStopping ? report.outcome : null;
  return { ...report, from: row.status, transition, storedBytes: row.storedBytes, stopReport };
}

function endOfRun({ outcome }: Report, { retries, maxRetries }: ReportedDeployment): Transition {
  if (outcome === 'succeeded') return TRANSITIONS.succeed;
  return retries < maxRetries ? TRANSITIONS.retry : TRANSITIONS.fail;
}

/** A stopped deployment takes its stop outcome. A preempted one may still succeed; otherwise the next pass releases and requeues it. */
function endOfStop({ outcome }: Report, { stopOutcome }: ReportedDeployment): Transition {
  if (stopOutcome === 'queued') {
    return outcome === 'succeeded' ? TRANSITIONS.succeedPreempted : TRANSITIONS.failPreempted;
  }
  return stopOutcome === 'timed_out' ? TRANSITIONS.endTimedOut : TRANSITIONS.endCancelled;
}

/** Whether a report can still end the present attempt. */
function isOpen({ status, stopReport }: ReportedDeployment): boolean {
  return isHolding(status) && stopReport === null;
}

/** Why a report is refused; undefined when it is accepted, also as a repetition. */
export function refusalOf(actor: Actor, report: Report, row: ReportedDeployment): DomainError | undefined {
  const { status, stopReport, attempt } = row;
  if (!isOwnOrAdmin(actor, row.submittedBy)) return notOwner(actor);
  const facts = { id: row.id, deploymentStatus: status, attempt };
  if (report.attempt !== null && report.attempt !== attempt) {
    return DeploymentErrors.STALE_ATTEMPT.because(describeStatus(status, attempt), facts);
  }
  if (isOpen(row) || status === report.outcome || stopReport === report.outcome) return undefined;
  if (status === 'retrying' && report.outcome === 'failed') return undefined;
  return DeploymentErrors.INVALID_STATE.because(describeStatus(status, attempt), facts);
}
