import { Module } from '@nestjs/common';

import { SchedulerModule } from '#scheduler';

import { SimulationsController } from './simulations.controller.js';
import { SimulationsService } from './simulations.service.js';

/** Plans of problems that have nothing to do with any cluster. */
@Module({ imports: [SchedulerModule], controllers: [SimulationsController], providers: [SimulationsService] })
export class SimulationModule {}
