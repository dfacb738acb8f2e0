import { defineErrors } from '#http';

/** Errors of explanations. */
export const ExplanationErrors = defineErrors('EXPLANATIONS', {
  OTHER_NOT_FOUND: {
    kind: 'not-found',
    title: 'No such deployment to compare with',
    detail: 'There is no deployment with the id of `versus` in the same cluster.',
    explanation: 'There is no deployment with the id of `versus` in the same cluster.',
  },
  OTHER_IS_SAME: {
    kind: 'invalid',
    title: 'The same deployment',
    detail: '`versus` is the deployment that is explained itself: name another one of its cluster, or leave it out.',
    explanation: '`versus` names the very deployment whose explanation is asked for. It takes the id of another one.',
  },
});

/** Errors of whatever asks the planner a question. */
export const PlanningErrors = defineErrors('PLANNING', {
  BUSY: {
    kind: 'too-many',
    title: 'The planner is busy',
    explanation:
      'Questions to the planner are expensive: of one caller only a few are answered at a time, and only so many of all. Try again after the seconds that Retry-After gives.',
  },
});
