import { Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';

import { AdminClustersController } from './admin-clusters.controller.js';
import { AdminClustersService } from './admin-clusters.service.js';
import { AdminRetentionController } from './admin-retention.controller.js';
import { AdminRetentionService } from './admin-retention.service.js';

/** Routes of operators, over all organizations. */
@Module({
  imports: [ClustersModule],
  controllers: [AdminClustersController, AdminRetentionController],
  providers: [AdminClustersService, AdminRetentionService],
})
export class AdminModule {}
