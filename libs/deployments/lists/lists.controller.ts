import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import { ClusterParam } from '#clusters';
import { ApiRoute, type Page, PageOf, PageQuery } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, OrganizationParam, RequireRole } from '#rbac';

import { DeploymentDto } from '../deployments.dto.js';
import { ListPages } from './list-pages.js';
import { ListDeploymentsQuery, QueuedDeploymentDto } from './lists.dto.js';

/** Lists of deployments, and the queue of a cluster. */
@ApiTags('deployments')
@Controller('organizations/:organizationId')
export class ListsController {
  constructor(private readonly lists: ListPages) {}

  @Get('deployments')
  @RequireRole('viewer', { alsoScope: 'runtime' })
  @ApiRoute({
    id: 'listDeployments',
    summary: 'List deployments',
    description:
      'Deployments of the organization that meet all conditions, without those of clusters that you do not see. ' +
      'Cluster, statuses, submitter, times, labels, given names and their prefixes each have an index; of several conditions the narrowest is used. ' +
      'One request compares about 10,000 deployments at most with the others: a page may then have fewer items than `limit`, or none, and a `nextCursor` that continues where it stopped.',
    answer: PageOf(DeploymentDto),
  })
  async deployments(
    @CurrentActor() actor: Actor,
    @OrganizationParam() organizationId: string,
    @Query() query: ListDeploymentsQuery,
  ): Promise<Page<DeploymentDto>> {
    return this.lists.deployments(actor, organizationId, query);
  }

  @Get('clusters/:clusterId/queue')
  @RequireRole('viewer', { alsoScope: 'runtime' })
  @ApiRoute({
    id: 'listQueue',
    summary: 'Read the queue of a cluster',
    result: 'A page of the queue, by rank; `nextCursor` leads to the next.',
    description:
      'The queued deployments by rank: priority (higher first), time of submission, id. The rank is not the starting order: the scheduler starts as many as possible at each level of priority, and a smaller request may start before a larger one with a better rank.',
    answer: PageOf(QueuedDeploymentDto),
  })
  async queue(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @Query() query: PageQuery,
  ): Promise<Page<QueuedDeploymentDto>> {
    return this.lists.queue(actor, cluster, query);
  }
}
