import { Injectable } from '@nestjs/common';

import { DomainError } from '#kernel';
import { ClusterLookup } from '#clusters';
import { Database, type EntityManager, preferIndexes } from '#database';
import { Turns } from '#http';
import { ChangeHints, ClusterSignals, Nudges, type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

import { type DeploymentRow, type DeploymentView, viewOf } from '../deployment-view.js';
import { DeploymentErrors, describeStatus, requireStatus } from '../deployments.errors.js';
import { type DeploymentRef } from '../deployment-param.js';
import { findDeployment, lockDeployment } from '../deployments.repository.js';
import { TRANSITIONS } from '../states/transitions.js';
import { endReported, findReported, type ReportScope, startReported } from './reports.repository.js';
import { afterReport, endingBy, type EndingReport, refusalOf, type Report, type ReportResult } from './reports.js';

/** The most attempts that one statement ends: the driver writes its parameters at once, in a few milliseconds. */
const END_AT_ONCE = 1_000;

/** Records what runtimes report: starts and ends of attempts. */
@Injectable()
export class ReportsService {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterLookup,
    private readonly signals: ClusterSignals,
    private readonly nudges: Nudges,
    private readonly hints: ChangeHints,
    private readonly turns: Turns,
  ) {}

  /**
   * Records that a runtime has started an attempt. A repeated report changes nothing, also when the deployment has been asked to stop since.
   *
   * @throws DEPLOYMENTS.NOT_FOUND, RBAC.NOT_OWNER, DEPLOYMENTS.STALE_ATTEMPT, DEPLOYMENTS.INVALID_STATE
   */
  async start(actor: Actor, ref: DeploymentRef, attempt: number | null): Promise<DeploymentView> {
    const { deployment, isChanged } = await this.database.transaction(async (tx) => {
      const before = await lockDeployment(tx, actor, ref);
      requireAttempt(before, attempt);
      if (before.status === 'running' || before.status === 'stopping') {
        return { deployment: viewOf(before), isChanged: false };
      }
      requireStatus(before, TRANSITIONS.start.from);
      return { deployment: await startReported(tx, actor, ref), isChanged: true };
    });
    // No pass is needed: only streams of events have something new.
    if (isChanged) this.hints.changed(deployment.clusterId);
    return deployment;
  }

  /**
   * Records how an attempt ended. A repeated report changes nothing.
   *
   * @throws DEPLOYMENTS.NOT_FOUND, RBAC.NOT_OWNER, DEPLOYMENTS.STALE_ATTEMPT, DEPLOYMENTS.INVALID_STATE
   */
  async complete(actor: Actor, organizationId: string, report: Report): Promise<DeploymentView> {
    const { deployment, clusterIds } = await this.database.transaction(async (tx) => {
      const written = await this.write(tx, actor, { organizationId, clusterId: null }, [report]);
      const [result] = written.results;
      if (result instanceof DomainError) throw result;
      return { ...written, deployment: await findDeployment(tx, actor, { organizationId, deploymentId: report.id }) };
    });
    clusterIds.forEach((clusterId) => this.nudges.nudge(clusterId));
    return viewOf(deployment);
  }

  /** Records how many attempts in one cluster ended. A refused report does not affect the others. */
  async completeBatch(actor: Actor, cluster: ClusterRef, reports: readonly Report[]): Promise<readonly ReportResult[]> {
    await this.clusters.read(actor, cluster);
    const { results, clusterIds } = await this.database.transaction((tx) => this.write(tx, actor, cluster, reports));
    clusterIds.forEach((id) => this.nudges.nudge(id));
    return results;
  }

  /**
   * Ends the attempts that the reports name. Results are in the order of the reports.
   *
   * @returns also the clusters in which something ended: to be nudged when `tx` has committed
   */
  private async write(
    tx: EntityManager,
    actor: Actor,
    scope: ReportScope,
    reports: readonly Report[],
  ): Promise<{ results: readonly ReportResult[]; clusterIds: readonly string[] }> {
    await preferIndexes(tx);
    const { organizationId } = scope;
    const ids = reports.map(({ id }) => id);
    const known = await findReported(tx, actor, scope, ids);
    const ended: EndingReport[] = [];
    const clusterIds = new Set<string>();
    // One error for all: ten thousand would take as long as the statements.
    const notFound = DeploymentErrors.NOT_FOUND.because();
    const results = await this.turns.map(actor.accountId, reports, (report): ReportResult => {
      const row = known.get(report.id);
      if (row === undefined) return notFound;
      const refusal = refusalOf(actor, report, row);
      if (refusal !== undefined) return refusal;
      const ending = endingBy(report, row);
      if (ending !== undefined) {
        ended.push(ending);
        clusterIds.add(row.clusterId);
        known.set(row.id, afterReport(row, ending));
      }
      return { id: report.id };
    });
    for (let from = 0; from < ended.length; from += END_AT_ONCE) {
      await endReported(tx, actor, organizationId, ended.slice(from, from + END_AT_ONCE));
    }
    for (const clusterId of clusterIds) await this.signals.announce(tx, { organizationId, clusterId }, 'ended');
    return { results, clusterIds: [...clusterIds] };
  }
}

function requireAttempt({ status, attempt }: DeploymentRow, reported: number | null): void {
  if (reported === null || reported === attempt) return;
  throw DeploymentErrors.STALE_ATTEMPT.because(describeStatus(status, attempt), {
    deploymentStatus: status,
    attempt,
  });
}
