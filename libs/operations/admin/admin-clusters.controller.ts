import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';

import { ClusterErrors } from '#clusters';
import { ApiRoute, IdParam, type Page, PageOf, PageQuery, Pages } from '#http';
import { type Actor, CurrentActor, RbacErrors, RequireOperator } from '#rbac';

import { InstalledClusterDto } from './admin-clusters.dto.js';
import { toInstalledClusterDto } from './admin-clusters.mapper.js';
import { AdminClustersService } from './admin-clusters.service.js';

const TAG = 'operators';

/** Clusters of all organizations, for operators. */
@RequireOperator()
@Controller('admin/clusters')
export class AdminClustersController {
  constructor(
    private readonly clusters: AdminClustersService,
    private readonly pages: Pages,
  ) {}

  @Get()
  @ApiRoute({
    id: 'listInstalledClusters',
    tag: TAG,
    summary: 'List all clusters',
    description:
      'All clusters of the installation, newest first: whose they are, whether passes keep up, and whether their ledger is right. Metrics and alerts name them by these ids.',
    answer: PageOf(InstalledClusterDto),
    problems: [RbacErrors.OPERATOR_REQUIRED],
  })
  async list(@Query() query: PageQuery): Promise<Page<InstalledClusterDto>> {
    return this.pages.byId(
      'installed-clusters',
      {},
      query,
      (take, after) => this.clusters.list(take, after),
      toInstalledClusterDto,
    );
  }

  @Post(':clusterId/wake')
  @HttpCode(200)
  @ApiRoute({
    id: 'triggerPass',
    tag: TAG,
    summary: 'Have a pass look at a cluster',
    description:
      'As if something had happened there. Answers at once with what is known now; the pass follows, and is among the passes of the cluster.',
    answer: InstalledClusterDto,
    problems: [RbacErrors.OPERATOR_REQUIRED, ClusterErrors.NOT_FOUND],
  })
  async wake(
    @CurrentActor() actor: Actor,
    @IdParam('clusterId', 'The cluster.') clusterId: string,
  ): Promise<InstalledClusterDto> {
    return toInstalledClusterDto(await this.clusters.wake(actor, clusterId));
  }

  @Post(':clusterId/repair')
  @HttpCode(202)
  @ApiRoute({
    id: 'repairLedger',
    tag: TAG,
    summary: 'Repair the ledger of a cluster',
    description:
      'Has a worker set a ledger right that has drifted: by corrective entries, never by changing old ones, and believing what deployments say of themselves. Answers at once; a worker begins within a second, audits the cluster in full after it, and writes what it did to the audit log (`ledger_repair`). Until then `isRepairWanted` is true; if `brokenLaws` is not empty after it, the log of the worker says why. The cluster stays cordoned until somebody uncordons it.',
    answer: InstalledClusterDto,
    status: 202,
    problems: [RbacErrors.OPERATOR_REQUIRED, ClusterErrors.NOT_FOUND],
  })
  async repair(
    @CurrentActor() actor: Actor,
    @IdParam('clusterId', 'The cluster.') clusterId: string,
  ): Promise<InstalledClusterDto> {
    return toInstalledClusterDto(await this.clusters.repair(actor, clusterId));
  }
}
