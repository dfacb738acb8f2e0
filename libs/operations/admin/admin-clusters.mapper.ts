import { type InstalledClusterDto } from './admin-clusters.dto.js';
import { type InstalledCluster } from './admin-clusters.service.js';

/** What operators are shown of a cluster. */
export function toInstalledClusterDto(cluster: InstalledCluster): InstalledClusterDto {
  const { id, organizationId, name, state, queued, unsettled, lastPassAt, brokenLaws, isRepairWanted } = cluster;
  return {
    id,
    organizationId,
    name,
    state,
    queued,
    unsettled,
    lastPassAt,
    brokenLaws: [...brokenLaws],
    isRepairWanted,
  };
}
