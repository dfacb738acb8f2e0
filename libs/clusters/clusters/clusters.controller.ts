import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import {
  ApiRoute,
  ExpectedVersions,
  Idempotency,
  IdempotencyKey,
  IfMatch,
  type KeyedRequest,
  type Page,
  PageOf,
  PageQuery,
  Pages,
} from '#http';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, RequireRole, OrganizationParam } from '#rbac';

import { ClusterRemoval } from './cluster-removal.service.js';
import { ClusterDto, CreateClusterDto, EditClusterDto } from './clusters.dto.js';
import { ClusterErrors } from '../clusters.errors.js';
import { ClusterParam } from '../cluster-param.js';
import { toClusterDto, toEdit, toOrder } from './clusters.mapper.js';
import { ClustersService } from './clusters.service.js';

/** Clusters of an organization. */
@ApiTags('clusters')
@Controller('organizations/:organizationId/clusters')
export class ClustersController {
  constructor(
    private readonly clusters: ClustersService,
    private readonly removal: ClusterRemoval,
    private readonly pages: Pages,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @RequireRole('admin')
  @ApiRoute({
    id: 'createCluster',
    summary: 'Create a cluster',
    description: 'A named pool of CPU, memory and GPU, into which members submit deployments.',
    example: {
      name: 'gpu-pool-a',
      capacity: { cpu: 128, memoryMib: 1_048_576, gpu: 16 },
      policy: { preemption: 'lower-priority', preemptAfterSeconds: 60 },
    },
    answer: ClusterDto,
    status: 201,
    location: '/v1/organizations/{organizationId}/clusters/{id}',
    hasEntityTag: true,
    problems: [ClusterErrors.NAME_TAKEN, ClusterErrors.LIMIT_REACHED, ClusterErrors.CAPACITY_EMPTY],
  })
  async create(
    @CurrentActor() actor: Actor,
    @OrganizationParam() organizationId: string,
    @IdempotencyKey() request: KeyedRequest,
    @Body() body: CreateClusterDto,
  ): Promise<ClusterDto> {
    return this.idempotency.once(request, actor.id, async () =>
      toClusterDto(await this.clusters.create(actor, organizationId, toOrder(body))),
    );
  }

  @Get()
  @RequireRole('viewer')
  @ApiRoute({
    id: 'listClusters',
    summary: 'List clusters',
    description:
      'The clusters of the organization that you see, newest first, with what each has, has given out and has left.',
    answer: PageOf(ClusterDto),
  })
  async list(
    @CurrentActor() actor: Actor,
    @OrganizationParam() organizationId: string,
    @Query() query: PageQuery,
  ): Promise<Page<ClusterDto>> {
    return this.pages.byId(
      'clusters',
      { organizationId },
      query,
      (take, after) => this.clusters.list(actor, organizationId, take, after),
      toClusterDto,
    );
  }

  @Get(':clusterId')
  @RequireRole('viewer')
  @ApiRoute({
    id: 'getCluster',
    summary: 'Read a cluster',
    result: 'The cluster as it is now.',
    description: 'What it has, what is allocated, what is available, and how many deployments wait.',
    answer: ClusterDto,
    hasEntityTag: true,
  })
  async read(@CurrentActor() actor: Actor, @ClusterParam() cluster: ClusterRef): Promise<ClusterDto> {
    return toClusterDto(await this.clusters.read(actor, cluster));
  }

  @Patch(':clusterId')
  @RequireRole('admin')
  @ApiRoute({
    id: 'updateCluster',
    isNewWork: true,
    summary: 'Edit a cluster',
    result: 'The cluster with the changes.',
    description:
      'Renames, resizes, opens or restricts it, or changes its policy: all of it, or nothing. What is left out stays. More capacity is used at once; less than what is allocated is refused, or waits with `whenFree`.',
    example: { policy: { preemption: 'lower-priority' } },
    answer: ClusterDto,
    hasEntityTag: true,
    problems: [ClusterErrors.NAME_TAKEN, ClusterErrors.CAPACITY_EMPTY, ClusterErrors.CAPACITY_IN_USE],
  })
  async edit(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @Body() body: EditClusterDto,
    @IfMatch() expected: ExpectedVersions,
  ): Promise<ClusterDto> {
    return toClusterDto(await this.clusters.edit(actor, cluster, toEdit(body), expected));
  }

  @Delete(':clusterId')
  @RequireRole('admin')
  @ApiRoute({
    id: 'deleteCluster',
    summary: 'Delete a cluster',
    result: 'The cluster is deleted; its name is free.',
    description:
      'Possible when nothing is allocated and nothing waits. Where a draining cluster has nothing allocated any more, what still waits is cancelled. Its deployments, passes and ledger stay readable; its name is free.',
    problems: [ClusterErrors.NOT_EMPTY],
  })
  async delete(@CurrentActor() actor: Actor, @ClusterParam() cluster: ClusterRef): Promise<void> {
    await this.removal.delete(actor, cluster);
  }

  @Post(':clusterId/cordon')
  @RequireRole('admin')
  @ApiRoute({
    id: 'cordonCluster',
    summary: 'Cordon a cluster',
    result: 'The cluster, which starts nothing from now on.',
    description: 'From now on it accepts and queues deployments, and starts none. What runs goes on.',
    answer: ClusterDto,
    hasEntityTag: true,
  })
  async cordon(@CurrentActor() actor: Actor, @ClusterParam() cluster: ClusterRef): Promise<ClusterDto> {
    return toClusterDto(await this.clusters.changeState(actor, cluster, 'cordoned'));
  }

  @Post(':clusterId/uncordon')
  @RequireRole('admin')
  @ApiRoute({
    id: 'uncordonCluster',
    summary: 'Uncordon a cluster',
    result: 'The cluster, which starts deployments again.',
    description: 'It starts deployments again, at once, with what waits.',
    answer: ClusterDto,
    hasEntityTag: true,
  })
  async uncordon(@CurrentActor() actor: Actor, @ClusterParam() cluster: ClusterRef): Promise<ClusterDto> {
    return toClusterDto(await this.clusters.changeState(actor, cluster, 'active'));
  }

  @Post(':clusterId/drain')
  @RequireRole('admin')
  @ApiRoute({
    id: 'drainCluster',
    summary: 'Drain a cluster',
    result: 'The cluster, which refuses new deployments and starts nothing from now on.',
    description:
      'From now on it refuses new deployments and starts none. What runs goes on; `isEmpty` says when nothing is left. Uncordon it to bring it back.',
    answer: ClusterDto,
    hasEntityTag: true,
  })
  async drain(@CurrentActor() actor: Actor, @ClusterParam() cluster: ClusterRef): Promise<ClusterDto> {
    return toClusterDto(await this.clusters.changeState(actor, cluster, 'draining'));
  }
}
