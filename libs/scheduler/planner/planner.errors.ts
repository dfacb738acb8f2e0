import { defineErrors } from '#http';

/** Errors of requests that the planner computes. */
export const PlanningErrors = defineErrors('PLANNING', {
  BUSY: {
    kind: 'too-many',
    title: 'The planner is busy',
    explanation:
      'Planning is expensive: the planner serves a few requests of one caller at a time, and a limited number in all. Try again after the seconds that Retry-After gives.',
  },
});
