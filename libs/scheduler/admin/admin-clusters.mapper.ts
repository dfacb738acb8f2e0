import { type RepairReport } from '../ledger-repair.service.js';
import { toLedgerFindingDto } from '../ledger-audit.mapper.js';
import { type InstalledClusterDto, type LedgerRepairDto } from './admin-clusters.dto.js';
import { type InstalledCluster } from './admin-clusters.service.js';

/** What operators are shown of a cluster. */
export function toInstalledClusterDto(cluster: InstalledCluster): InstalledClusterDto {
  const { id, organizationId, name, state, queued, unsettled, lastPassAt, brokenLaws } = cluster;
  return { id, organizationId, name, state, queued, unsettled, lastPassAt, brokenLaws: [...brokenLaws] };
}

/** What they are told of a repair. */
export function toLedgerRepairDto({ passId, corrections, broken }: RepairReport): LedgerRepairDto {
  return {
    passId,
    corrections,
    outcome: broken.length === 0 ? 'clean' : 'broken',
    findings: broken.map(toLedgerFindingDto),
  };
}
