import { defineErrors } from '#http';

/** Errors of requests that the planner computes. */
export const PlanningErrors = defineErrors('PLANNING', {
  BUSY: {
    kind: 'too-many',
    title: 'The planner is busy',
    explanation:
      'Planning is expensive: accounts take turns at the planner, and ten requests of one account run or wait at a time. Try again after the seconds that Retry-After gives.',
  },
});
