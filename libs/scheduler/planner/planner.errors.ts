import { defineErrors } from '#http';

/** Errors of requests that the planner computes. */
export const PlanningErrors = defineErrors('PLANNING', {
  BUSY: {
    kind: 'too-many',
    title: 'The planner is busy',
    explanation:
      'Questions to the planner are expensive: of one caller only a few are answered at a time, and only so many of all. Try again after the seconds that Retry-After gives.',
  },
});
