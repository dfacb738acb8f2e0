import { Module } from '@nestjs/common';

import { BlockersModule } from './blockers/blockers.module.js';
import { ExplanationModule } from './explanation/explanation.module.js';
import { ForecastModule } from './forecast/forecast.module.js';
import { SimulationModule } from './simulation/simulation.module.js';
import { WhatIfModule } from './what-if/what-if.module.js';

/** Answers to "why is it waiting?" and "what if?": the planner runs in threads of the API's own process. Nothing here writes. */
@Module({ imports: [BlockersModule, ExplanationModule, WhatIfModule, SimulationModule, ForecastModule] })
export class InsightsModule {}
