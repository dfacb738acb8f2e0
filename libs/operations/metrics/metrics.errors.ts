import { defineErrors } from '#http';

/** Errors of metrics. */
export const MetricsErrors = defineErrors('METRICS', {
  TOKEN_REQUIRED: {
    kind: 'unauthenticated',
    title: 'Metrics token required',
    explanation:
      'Metrics need the token of STOWAGE_METRICS_TOKEN, as a bearer token. From the machine itself they need none, unless the process listens for others, trusts a proxy, or the request came through one.',
  },
});
