import { defineErrors } from '#http';

/** Errors of problems that stand alone. */
export const SimulationErrors = defineErrors('SIMULATION', {
  DUPLICATE_ID: {
    kind: 'invalid',
    title: 'Two waiting deployments have the same id',
    explanation: 'The plan names deployments by their ids, so that no two in `queue` can share one.',
  },
});
