import { toResources } from '#clusters';

import { type LedgerEntryDto } from './ledger.dto.js';
import { type LedgerEntryView } from './ledger.service.js';

/** What of a ledger entry leaves the service. */
export function toLedgerEntryDto(entry: LedgerEntryView): LedgerEntryDto {
  const { id, kind, deploymentId, attempt, passId, at } = entry;
  const { cpu, memoryMib, gpu } = toResources(entry);
  return { id, kind, deploymentId, attempt, resources: { cpu, memoryMib, gpu }, passId, at };
}
