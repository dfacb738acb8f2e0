import { type LedgerAuditDto, type LedgerFindingDto } from './ledger-audit.dto.js';
import { type BrokenLaw } from './ledger-findings.js';
import { type AuditReport } from './ledger-audit.service.js';

/** What of an audit leaves the service. */
export function toLedgerAuditDto({ startedAtMs, finishedAtMs, laws, broken }: AuditReport): LedgerAuditDto {
  return {
    isClean: broken.length === 0,
    startedAt: new Date(startedAtMs).toISOString(),
    finishedAt: new Date(finishedAtMs).toISOString(),
    laws: laws.map(({ name, sentence, isDrift }) => ({ name, sentence, isDrift })),
    findings: broken.map(toLedgerFindingDto),
  };
}

/** What of a broken law leaves the service. */
function toLedgerFindingDto(finding: BrokenLaw): LedgerFindingDto {
  const { law, organizationId, clusterId, isDrift, violations, samples } = finding;
  return {
    law,
    organizationId,
    clusterId,
    isDrift,
    violations,
    samples: samples.map((sample) => JSON.stringify(sample)),
  };
}
