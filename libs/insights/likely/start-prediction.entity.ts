import { defineEntity, p, timestamptz } from '#database';

/** What was forecast of a start while it waited, and when it came. Times in milliseconds from `predictedAt`. */
export const StartPredictionSchema = defineEntity({
  name: 'StartPrediction',
  tableName: 'start_predictions',
  primaryKeys: ['clusterId', 'deploymentId'],
  properties: {
    clusterId: p.uuid().primary(),
    deploymentId: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid'),
    predictedAt: timestamptz,
    latestMs: p.bigint('number').nullable(),
    p10Ms: p.bigint('number').fieldName('p10_ms'),
    p50Ms: p.bigint('number').fieldName('p50_ms'),
    p90Ms: p.bigint('number').fieldName('p90_ms'),
    realMs: p.bigint('number').nullable(),
  },
  indexes: [
    {
      name: 'start_predictions_open_index',
      expression: 'create index start_predictions_open_index on start_predictions (cluster_id) where real_ms is null',
    },
    { name: 'start_predictions_time_index', properties: ['clusterId', 'predictedAt'] },
  ],
});
