import { Module } from '@nestjs/common';

import { AuditModule } from '#audit';

import { ClusterAccessController } from './access/cluster-access.controller.js';
import { ClusterAccessService } from './access/cluster-access.service.js';
import { ClusterLookup } from './clusters/cluster-lookup.js';
import { ClusterRemoval } from './clusters/cluster-removal.service.js';
import { ClustersController } from './clusters/clusters.controller.js';
import { ClustersService } from './clusters/clusters.service.js';

/** Clusters and their routes. Needs a global provider of `QueuedDeployments`. */
@Module({
  imports: [AuditModule],
  controllers: [ClustersController, ClusterAccessController],
  providers: [ClustersService, ClusterRemoval, ClusterAccessService, ClusterLookup],
  exports: [ClusterLookup],
})
export class ClustersModule {}
