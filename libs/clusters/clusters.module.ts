import { Module } from '@nestjs/common';

import { AuditModule } from '#audit';

import { ClusterAccessController } from './cluster-access.controller.js';
import { ClusterAccessService } from './cluster-access.service.js';
import { ClusterDoor } from './cluster-door.service.js';
import { ClusterRemoval } from './cluster-removal.service.js';
import { ClustersController } from './clusters.controller.js';
import { ClustersService } from './clusters.service.js';

/** Clusters and their routes. Needs a global provider of `QueuedDeployments`. */
@Module({
  imports: [AuditModule],
  controllers: [ClustersController, ClusterAccessController],
  providers: [ClustersService, ClusterRemoval, ClusterAccessService, ClusterDoor],
  exports: [ClusterDoor],
})
export class ClustersModule {}
