import { defineErrors } from '#http';

/** Errors of the records of passes. */
export const PassErrors = defineErrors('PASSES', {
  NOT_FOUND: {
    kind: 'not-found',
    title: 'No such pass',
    explanation: 'There is no record of such a pass on this cluster. Records are kept for a limited time.',
  },
});
