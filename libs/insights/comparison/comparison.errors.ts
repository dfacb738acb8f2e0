import { defineErrors } from '#http';

/** Errors of explanations. */
export const ExplanationErrors = defineErrors('EXPLANATIONS', {
  OTHER_NOT_FOUND: {
    kind: 'not-found',
    title: 'No such deployment to compare with',
    detail: 'There is no deployment with the id of `compareWith` in the same cluster.',
    explanation: 'There is no deployment with the id of `compareWith` in the same cluster.',
  },
  OTHER_IS_SAME: {
    kind: 'invalid',
    title: 'The same deployment',
    detail:
      '`compareWith` is the deployment that is explained itself: name another one of its cluster, or leave it out.',
    explanation:
      '`compareWith` names the very deployment whose explanation is asked for. It takes the id of another one.',
  },
});
