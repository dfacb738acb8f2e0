import { defineErrors } from '#http';

/** The answer to outsiders of an organization, whether it exists or not: byte for byte the same. */
export const OrganizationVisibilityErrors = defineErrors('ORGANIZATIONS', {
  NOT_FOUND: {
    kind: 'not-found',
    title: 'No such organization',
    explanation: 'There is no organization with this id, or you do not belong to it: the answer is the same for both.',
  },
});
