import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import { ClusterErrors } from '#clusters';
import { ApiRoute, IdParam, type Page, PageOf, PageQuery, Pages, present } from '#http';
import { type Actor, CurrentActor, RequireOperator } from '#rbac';

import { InstalledClusterDto } from './admin-clusters.dto.js';
import { AdminClustersService } from './admin-clusters.service.js';

/** Clusters of all organizations, for operators. */
@RequireOperator()
@ApiTags('operators')
@Controller('admin/clusters')
export class AdminClustersController {
  constructor(
    private readonly clusters: AdminClustersService,
    private readonly pages: Pages,
  ) {}

  @Get()
  @ApiRoute({
    id: 'listInstalledClusters',
    summary: 'List all clusters',
    description:
      'All clusters of the installation, newest first, with their organization, the state of their queue and the broken laws of their ledger. Metrics and alerts name clusters by these ids.',
    answer: PageOf(InstalledClusterDto),
  })
  async list(@Query() query: PageQuery): Promise<Page<InstalledClusterDto>> {
    return this.pages.byId(
      'installed-clusters',
      {},
      query,
      (take, after) => this.clusters.list(take, after),
      (cluster) => present(InstalledClusterDto, cluster),
    );
  }

  @Post(':clusterId/trigger')
  @HttpCode(200)
  @ApiRoute({
    id: 'triggerPass',
    summary: 'Trigger a pass on a cluster',
    result: 'The cluster as it is now; the pass follows.',
    description:
      'Answers at once with the present state. The pass follows within a second, and is listed among the passes of the cluster.',
    answer: InstalledClusterDto,
    problems: [ClusterErrors.NOT_FOUND],
  })
  async triggerPass(
    @CurrentActor() actor: Actor,
    @IdParam('clusterId', 'The cluster.') clusterId: string,
  ): Promise<InstalledClusterDto> {
    return present(InstalledClusterDto, await this.clusters.triggerPass(actor, clusterId));
  }

  @Post(':clusterId/repair')
  @HttpCode(202)
  @ApiRoute({
    id: 'repairLedger',
    summary: 'Repair the ledger of a cluster',
    result: 'The repair is asked for and has not begun: the cluster as it is now.',
    description:
      'Has a worker repair a ledger that has drifted: it appends corrective entries by the status of the deployments, and changes no entry. Answers at once; a worker begins within a second, audits the cluster in full after it, and writes what it did to the audit log (`ledger_repair`). Until then `isRepairWanted` is true; if `brokenLaws` is not empty after it, the log of the worker has the reason. The cluster stays cordoned until it is uncordoned.',
    answer: InstalledClusterDto,
    status: 202,
    problems: [ClusterErrors.NOT_FOUND],
  })
  async repair(
    @CurrentActor() actor: Actor,
    @IdParam('clusterId', 'The cluster.') clusterId: string,
  ): Promise<InstalledClusterDto> {
    return present(InstalledClusterDto, await this.clusters.repair(actor, clusterId));
  }
}
