import { present } from '#http';

import { LedgerAuditDto } from './ledger-audit.dto.js';
import { type AuditReport } from './ledger-audit.service.js';

/** What of an audit leaves the service. */
export function toLedgerAuditDto({ startedAtMs, finishedAtMs, laws, broken }: AuditReport): LedgerAuditDto {
  return present(LedgerAuditDto, {
    isClean: broken.length === 0,
    startedAt: new Date(startedAtMs).toISOString(),
    finishedAt: new Date(finishedAtMs).toISOString(),
    laws,
    findings: broken.map((law) => ({ ...law, samples: law.samples.map((sample) => JSON.stringify(sample)) })),
  });
}
