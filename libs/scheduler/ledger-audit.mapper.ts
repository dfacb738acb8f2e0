import { type LedgerAuditDto } from './ledger-audit.dto.js';
import { type AuditReport } from './ledger-audit.service.js';

/** What of an audit leaves the service. */
export function toLedgerAuditDto({ startedAtMs, finishedAtMs, laws, broken }: AuditReport): LedgerAuditDto {
  return {
    isClean: broken.length === 0,
    startedAt: new Date(startedAtMs).toISOString(),
    finishedAt: new Date(finishedAtMs).toISOString(),
    laws: laws.map(({ name, sentence, isDrift }) => ({ name, sentence, isDrift })),
    findings: broken.map(({ law, organizationId, clusterId, isDrift, violations, samples }) => ({
      law,
      organizationId,
      clusterId,
      isDrift,
      violations,
      samples: samples.map((sample) => JSON.stringify(sample)),
    })),
  };
}
