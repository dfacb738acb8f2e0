import { defineErrors } from '#http';

/** Errors of reading the audit log. */
export const AuditErrors = defineErrors('AUDIT', {
  RANGE_EMPTY: {
    kind: 'unprocessable',
    title: 'Time range is empty',
    explanation: 'The range of time ends before it begins: `until` must be later than `from`.',
  },
});
