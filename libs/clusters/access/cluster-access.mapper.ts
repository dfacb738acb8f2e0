import { type ClusterAccessEntryDto } from './cluster-access.dto.js';
import { type AccessView } from './cluster-access.service.js';

/** What of an entry leaves the service. */
export function toAccessEntryDto({ id, username, grantedBy, grantedAt }: AccessView): ClusterAccessEntryDto {
  return { userId: id, username, grantedBy, grantedAt };
}
