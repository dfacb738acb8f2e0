import { Injectable } from '@nestjs/common';

import { ClusterLookup } from '#clusters';
import { Database, type EntityManager, rowsOf, sql } from '#database';
import { type ExpectedVersions } from '#http';
import { ClusterSignals, Nudges } from '#queue';
import { type Actor } from '#rbac';

import { causedBy, eventsOf } from '../states/transition-sql.js';
import { TRANSITIONS } from '../states/transitions.js';
import { DEPLOYMENT_COLUMNS, type DeploymentRow, type DeploymentView, viewOf } from '../deployment-view.js';
import { lockDeployment, requireStatus } from '../found-deployment.js';
import { type Labels } from '../fields/labels.js';
import { assertPriority } from '../submission/role-limits.js';
import { shapeChanges } from '../submission/submission.js';

/** What is to change of a deployment that waits; what is left out stays. */
export interface DeploymentEdit {
  readonly priority?: number;
  /** All of them: labels that are not named go. */
  readonly labels?: Labels;
  /** null: waits however long it takes */
  readonly queueTimeoutSeconds?: number | null;
  /** Whether its next attempt may be stopped for one of higher priority. */
  readonly isPreemptible?: boolean;
}

/** Changes what waits. What has been placed runs as it was asked for. */
@Injectable()
export class EditsService {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterLookup,
    private readonly signals: ClusterSignals,
    private readonly nudges: Nudges,
  ) {}

  /**
   * Changes the priority, the labels, the queue timeout or the mark as preemptible of a deployment; all of it or nothing. What changes nothing leaves no trace.
   *
   * @throws DEPLOYMENTS.NOT_FOUND, RBAC.NOT_OWNER, DEPLOYMENTS.INVALID_STATE when it does not wait,
   *   DEPLOYMENTS.PRIORITY_ABOVE_LIMIT, REQUEST.PRECONDITION_FAILED
   */
  async edit(
    actor: Actor,
    organizationId: string,
    deploymentId: string,
    edit: DeploymentEdit,
    expected: ExpectedVersions,
  ): Promise<DeploymentView> {
    const { before, after } = await this.database.transaction(async (tx) => {
      const row = await lockDeployment(tx, actor, organizationId, deploymentId);
      // The state before the version: who edits what has just been placed is told that, and not that something has changed.
      requireStatus(row, TRANSITIONS.edit.from, 'Only what waits in the queue can be edited.');
      expected.assertIncludes(row.version);
      const wanted = viewOf(row);
      if (!changes(wanted, edit)) return { before: wanted, after: wanted };
      if (edit.priority !== undefined && edit.priority !== wanted.priority) {
        assertPriority(edit.priority, await this.clusters.policy(tx, organizationId, wanted.clusterId), actor);
      }
      return { before: wanted, after: await this.write(tx, actor, wanted, edit) };
    });
    if (after.priority !== before.priority) this.nudges.nudge(after.clusterId);
    return after;
  }

  private async write(
    tx: EntityManager,
    actor: Actor,
    before: DeploymentView,
    edit: DeploymentEdit,
  ): Promise<DeploymentView> {
    const { organizationId, id, clusterId } = before;
    const { priority, labels, queueTimeoutSeconds, isPreemptible } = { ...before, ...edit };
    const [row] = await rowsOf(
      tx,
      sql<DeploymentRow>`
        with d as (
          update deployments
          set priority = ${priority}, labels = ${JSON.stringify(labels)}::jsonb,
              is_preemptible = ${isPreemptible}, queue_timeout_seconds = ${queueTimeoutSeconds ?? 0}, version = version + 1,
              due_at = case when queue_timeout_seconds = ${queueTimeoutSeconds ?? 0} then due_at
                         else ${WAITING_SINCE} + nullif(${queueTimeoutSeconds ?? 0}::int, 0) * interval '1 second' end
          where organization_id = ${organizationId} and id = ${id}
          returning *
        ), events as (
          ${eventsOf('d', { ...causedBy(TRANSITIONS.edit), actor_id: sql`${actor.id}::uuid`, at: sql`greatest(statement_timestamp(), queued_at)` })}
        )
        select ${DEPLOYMENT_COLUMNS} from d`,
    );
    if (row === undefined) throw new Error('a locked deployment was not there to be edited');
    const after = viewOf(row);
    if (after.priority !== before.priority) {
      const moved = [...shapeChanges([before], -1), ...shapeChanges([after], 1)];
      await this.signals.announce(tx, { organizationId, clusterId }, 'edited', moved);
    }
    return after;
  }
}

/** When the present attempt came to the queue, as SQL over the deployment's row: `queued_at` is the first attempt's. */
const WAITING_SINCE = sql`(
  select e.at from deployment_events e
  where e.organization_id = deployments.organization_id and e.deployment_id = deployments.id
    and e.to_status = 'queued' and e.from_status is distinct from 'queued'
  order by e.sequence desc limit 1)`;

function changes(before: DeploymentView, edit: DeploymentEdit): boolean {
  const after = { ...before, ...edit };
  return (
    after.priority !== before.priority ||
    after.queueTimeoutSeconds !== before.queueTimeoutSeconds ||
    after.isPreemptible !== before.isPreemptible ||
    !isSame(after.labels, before.labels)
  );
}

function isSame(one: Labels, other: Labels): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}
