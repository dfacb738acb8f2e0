import { Injectable } from '@nestjs/common';

import { ClusterLookup } from '#clusters';
import { Database, type EntityManager } from '#database';
import { type ExpectedVersions } from '#http';
import { ByteLimit } from '#organizations';
import { ClusterSignals, Nudges } from '#queue';
import { type Actor } from '#rbac';

import { TRANSITIONS } from '../states/transitions.js';
import { type DeploymentRef } from '../deployment-param.js';
import { type DeploymentView, viewOf } from '../deployment-view.js';
import { requireStatus } from '../deployments.errors.js';
import { lockDeployment } from '../deployments.repository.js';
import { type Labels } from '../fields/labels.js';
import { editedBytesOf } from '../fields/stored-bytes.js';
import { assertPriority } from '../submission/role-limits.js';
import { shapeChanges } from '../submission/orders.js';
import { type DeploymentEdit, writeEdit } from './edits.repository.js';

/** Edits queued deployments. */
@Injectable()
export class EditsService {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterLookup,
    private readonly byteLimit: ByteLimit,
    private readonly signals: ClusterSignals,
    private readonly nudges: Nudges,
  ) {}

  /**
   * Changes priority, labels, queue timeout or `isPreemptible` of a deployment; all changes or none. An edit without a change writes nothing.
   *
   * @throws DEPLOYMENTS.NOT_FOUND, RBAC.NOT_OWNER, DEPLOYMENTS.INVALID_STATE when it is not queued,
   *   DEPLOYMENTS.PRIORITY_ABOVE_LIMIT, ORGANIZATIONS.BYTES_LIMIT_REACHED, REQUEST.PRECONDITION_FAILED
   */
  async edit(
    actor: Actor,
    ref: DeploymentRef,
    edit: DeploymentEdit,
    expected: ExpectedVersions,
  ): Promise<DeploymentView> {
    const { before, after } = await this.database.transaction(async (tx) => {
      const row = await lockDeployment(tx, actor, ref);
      // The status before the version: an edit of a deployment that was just placed is refused for that, and not for a changed version.
      requireStatus(row, TRANSITIONS.edit.from, 'Only a queued deployment can be edited.');
      expected.assertIncludes(row.version);
      const wanted = viewOf(row);
      if (!changes(wanted, edit)) return { before: wanted, after: wanted };
      if (edit.priority !== undefined && edit.priority !== wanted.priority) {
        assertPriority(edit.priority, await this.clusters.policy(tx, wanted), actor);
      }
      await this.byteLimit.admit(tx, ref.organizationId, editedBytesOf(wanted.labels, edit.labels ?? wanted.labels));
      return { before: wanted, after: await this.apply(tx, actor, wanted, edit) };
    });
    if (after.priority !== before.priority) this.nudges.nudge(after.clusterId);
    return after;
  }

  private async apply(
    tx: EntityManager,
    actor: Actor,
    before: DeploymentView,
    edit: DeploymentEdit,
  ): Promise<DeploymentView> {
    const after = await writeEdit(tx, actor, before, edit);
    if (after.priority !== before.priority) {
      const moved = [...shapeChanges([before], -1), ...shapeChanges([after], 1)];
      await this.signals.announce(tx, before, 'edited', moved);
    }
    return after;
  }
}

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
