import { Module } from '@nestjs/common';

import { SchedulerModule } from '#scheduler';

import { WholeProblemsController } from './whole-problems.controller.js';
import { WholeProblemsService } from './whole-problems.service.js';

/** Plans of problems that have nothing to do with any cluster. */
@Module({ imports: [SchedulerModule], controllers: [WholeProblemsController], providers: [WholeProblemsService] })
export class SimulationModule {}
