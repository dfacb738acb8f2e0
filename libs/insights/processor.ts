export { InsightsProcessorModule } from './insights-processor.module.js';
export { PredictionWriter } from './likely/prediction-writer.js';
