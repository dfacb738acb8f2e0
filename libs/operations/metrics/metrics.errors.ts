import { defineErrors } from '#http';

/** Errors of metrics. */
export const MetricsErrors = defineErrors('METRICS', {
  TOKEN_REQUIRED: {
    kind: 'unauthenticated',
    title: 'Metrics token required',
    explanation:
      'From the machine itself metrics need no token. From elsewhere they need that of STOWAGE_METRICS_TOKEN, as a bearer token.',
  },
});
