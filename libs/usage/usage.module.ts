import { Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';

import { UsageController } from './usage.controller.js';
import { UsageService } from './usage.service.js';

/** How much of a cluster was used, by member, label and deployment. */
@Module({ imports: [ClustersModule], controllers: [UsageController], providers: [UsageService] })
export class UsageModule {}
