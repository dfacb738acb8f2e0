import { defineErrors } from '#http';

/** Errors of the ledger, its audit and its sums. */
export const LedgerErrors = defineErrors('LEDGER', {
  AUDIT_RUNNING: {
    kind: 'conflict',
    title: 'An audit is running',
    explanation: 'Another audit of the ledger is at work. Its findings are kept; ask again when it has ended.',
  },
});
