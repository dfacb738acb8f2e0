import { toResources } from '#clusters';

import { type LedgerCheckpointDto, type LedgerEntryDto } from './ledger.dto.js';
import { type LedgerCheckpointView, type LedgerEntryView } from './ledger.service.js';

/** What of a ledger entry leaves the service. */
export function toLedgerEntryDto(entry: LedgerEntryView): LedgerEntryDto {
  const { id, kind, deploymentId, attempt, passId, at } = entry;
  const { cpu, memoryMib, gpu } = toResources(entry);
  return { id, kind, deploymentId, attempt, resources: { cpu, memoryMib, gpu }, passId, at };
}

/** What of a checkpoint leaves the service. */
export function toLedgerCheckpointDto({
  deployments,
  entries,
  closedUntil,
}: LedgerCheckpointView): LedgerCheckpointDto {
  return { deployments, entries, closedUntil };
}
