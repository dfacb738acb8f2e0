import { defineErrors } from '#http';

/** Errors of what-if questions. */
export const WhatIfErrors = defineErrors('WHAT_IF', {
  DEPLOYMENT_INVALID: {
    kind: 'invalid',
    title: 'The request names deployments that it cannot be about',
    explanation:
      'A deployment that is to change must wait in the cluster, one that is to end must wait or hold resources there, and each may be named once.',
  },
  REQUEST_EMPTY: {
    kind: 'invalid',
    title: 'A deployment that asks for nothing',
    explanation: 'A deployment asks for some CPU, memory or GPU.',
  },
});
