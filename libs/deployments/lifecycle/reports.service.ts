import { Injectable } from '@nestjs/common';

import { DomainError } from '#kernel';
import { ClusterDoor } from '#clusters';
import { Database, rowsOf, sql } from '#database';
import { ChangeHints, Nudges } from '#queue';
import { type Actor } from '#rbac';

import { TRANSITIONS } from '../deployment-status.js';
import { DEPLOYMENT_COLUMNS, type DeploymentRow, type DeploymentView, viewOf } from '../deployment-view.js';
import { DeploymentErrors, standing } from '../deployments.errors.js';
import { findDeployment, lockDeployment, requireStatus } from '../found-deployment.js';
import { type Report, ReportWriter, type ReportResult } from './reports.js';

/** Records what runtimes report: starts and ends of attempts. */
@Injectable()
export class ReportsService {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterDoor,
    private readonly nudges: Nudges,
    private readonly hints: ChangeHints,
    private readonly reports: ReportWriter,
  ) {}

  /**
   * Notes that a runtime has started an attempt. The same report twice is as good as once, also when it has been asked to stop since.
   *
   * @throws DEPLOYMENTS.NOT_FOUND, RBAC.NOT_OWNER, DEPLOYMENTS.STALE_ATTEMPT, DEPLOYMENTS.INVALID_STATE
   */
  async start(
    actor: Actor,
    organizationId: string,
    deploymentId: string,
    attempt: number | null,
  ): Promise<DeploymentView> {
    const { deployment, isChanged } = await this.database.transaction(async (tx) => {
      const before = await lockDeployment(tx, actor, organizationId, deploymentId);
      requireAttempt(before, attempt);
      if (before.status === 'running' || before.status === 'stopping') {
        return { deployment: viewOf(before), isChanged: false };
      }
      requireStatus(before, TRANSITIONS.start.from);
      const [row] = await rowsOf(
        tx,
        sql<DeploymentRow>`
          with d as (
            update deployments set status = 'running', version = version + 1, started_at = greatest(statement_timestamp(), scheduled_at)
            where organization_id = ${organizationId} and id = ${deploymentId}
            returning *
          ), events as (
            insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status,
                                           to_status, cause, actor_id, at)
            select organization_id, id, version, cluster_id, attempt, ${before.status}, status, 'started',
                   ${actor.id}, started_at
            from d
          )
          select ${DEPLOYMENT_COLUMNS} from d`,
      );
      if (row === undefined) throw new Error('a locked deployment was not there to be started');
      return { deployment: viewOf(row), isChanged: true };
    });
    // No pass is wanted, but there is something to tell.
    if (isChanged) this.hints.changed(deployment.clusterId);
    return deployment;
  }

  /**
   * Notes how an attempt ended. The same outcome twice is as good as once.
   *
   * @throws DEPLOYMENTS.NOT_FOUND, RBAC.NOT_OWNER, DEPLOYMENTS.STALE_ATTEMPT, DEPLOYMENTS.INVALID_STATE
   */
  async complete(actor: Actor, organizationId: string, report: Report): Promise<DeploymentView> {
    const { deployment, clusterIds } = await this.database.transaction(async (tx) => {
      const written = await this.reports.write(tx, actor, { organizationId, clusterId: null }, [report]);
      const [result] = written.results;
      if (result instanceof DomainError) throw result;
      return { ...written, deployment: await findDeployment(tx, actor, organizationId, report.id) };
    });
    clusterIds.forEach((clusterId) => this.nudges.nudge(clusterId));
    return viewOf(deployment);
  }

  /** Notes how many attempts in one cluster ended. Each report stands for itself: one that is refused holds back no other. */
  async completeBatch(
    actor: Actor,
    organizationId: string,
    clusterId: string,
    reports: readonly Report[],
  ): Promise<readonly ReportResult[]> {
    await this.clusters.read(actor, organizationId, clusterId);
    const { results, clusterIds } = await this.database.transaction((tx) =>
      this.reports.write(tx, actor, { organizationId, clusterId }, reports),
    );
    clusterIds.forEach((id) => this.nudges.nudge(id));
    return results;
  }
}

function requireAttempt({ status, attempt }: DeploymentRow, reported: number | null): void {
  if (reported === null || reported === attempt) return;
  throw DeploymentErrors.STALE_ATTEMPT.because(standing(status, attempt), { deploymentStatus: status, attempt });
}
