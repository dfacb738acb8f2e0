import { defineErrors } from '#http';

/** Errors of metrics. */
export const MetricsErrors = defineErrors('METRICS', {
  TOKEN_REQUIRED: {
    kind: 'unauthenticated',
    title: 'Metrics token required',
    explanation:
      'Metrics are open to the machine itself. From elsewhere they need the token that is set as STOWAGE_METRICS_TOKEN, as a bearer token.',
  },
});
