export { InsightsProcessorModule } from './insights-processor.module.js';
