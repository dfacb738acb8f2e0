import { Injectable } from '@nestjs/common';

import { toResources } from '#clusters';
import { type Page, type PageQuery, Pages } from '#http';
import { type Actor } from '#rbac';

import { type DeploymentDto } from '../deployments.dto.js';
import { toDeploymentDto } from '../deployments.mapper.js';
import { toFilter } from '../filter/filter-fields.js';
import { DeploymentLists, type QueuedDeployment, type QueueMark } from './deployment-lists.js';
import { idRangeOf } from './id-range.js';
import { type BlockersOf, QueueBlockers } from './queue-blockers.js';
import { type ListDeploymentsQuery, type QueuedDeploymentDto } from './lists.dto.js';

interface Ranked extends QueuedDeployment {
  readonly position: number;
}

/** Pages of lists of deployments. */
@Injectable()
export class ListPages {
  constructor(
    private readonly lists: DeploymentLists,
    private readonly pages: Pages,
    private readonly blockers: QueueBlockers,
  ) {}

  /** @throws REQUEST.INVALID_CURSOR */
  async deployments(actor: Actor, organizationId: string, query: ListDeploymentsQuery): Promise<Page<DeploymentDto>> {
    const filter = toFilter(query);
    const { sort } = query;
    const request = this.pages.open('deployments', { organizationId }, query);
    const after = request.after?.[0];
    const range = idRangeOf(filter, sort, after === undefined ? undefined : String(after));
    const found = await this.lists.page({ actor, organizationId, filter, sort, range, take: request.take });
    const end = found.end === undefined ? undefined : [found.end];
    return request.of(found.deployments, ({ id }) => [id], toDeploymentDto, end);
  }

  /** @throws CLUSTERS.NOT_FOUND, REQUEST.INVALID_CURSOR */
  async queue(
    actor: Actor,
    cluster: { readonly organizationId: string; readonly clusterId: string },
    query: PageQuery,
  ): Promise<Page<QueuedDeploymentDto>> {
    const { organizationId, clusterId } = cluster;
    const request = this.pages.open('queue', { ...cluster }, query);
    const [before = 0, priority, queuedAt, id] = request.after ?? [];
    const mark: QueueMark | undefined =
      id === undefined ? undefined : { priority: Number(priority), queuedAt: String(queuedAt), id: String(id) };
    const rows = await this.lists.queue(actor, organizationId, clusterId, request.take, mark);
    const blockersOf = await this.blockers.read(cluster);
    const ranked = rows.map((row, index): Ranked => ({ ...row, position: Number(before) + index + 1 }));
    return request.of(
      ranked,
      ({ position, deployment }) => [position, deployment.priority, deployment.queuedAt, deployment.id],
      (row) => toQueuedDeploymentDto(row, blockersOf),
    );
  }
}

function toQueuedDeploymentDto(row: Ranked, blockersOf: BlockersOf): QueuedDeploymentDto {
  const { position, deployment, waitingSeconds } = row;
  const { id, name, priority, request, maxRuntimeSeconds, attempt, queuedAt, submittedBy } = deployment;
  const resources = toResources(request);
  const codes = blockersOf(row);
  const blockers = codes === null ? null : [...codes];
  const what = { id, name, priority, resources, maxRuntimeSeconds, attempt };
  return { position, ...what, queuedAt, waitingSeconds, submittedBy, blockers };
}
