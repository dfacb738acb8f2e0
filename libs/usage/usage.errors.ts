import { defineErrors } from '#http';

/** Errors of the sums over time. */
export const UsageErrors = defineErrors('USAGE', {
  PERIOD_INVALID: {
    kind: 'invalid',
    title: 'The period cannot be summed',
    explanation:
      'A period begins before it ends and before now, lasts at most 400 days, and has at most 1,000 steps: choose a longer step or a shorter period.',
  },
});
