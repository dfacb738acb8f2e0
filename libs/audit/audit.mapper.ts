import { type AuditView } from './audit-trail.js';
import { type AuditEntryDto } from './audit.dto.js';

/** What of an entry its readers see: all of it. Secrets were refused when it was written. */
export function toAuditEntryDto(view: AuditView): AuditEntryDto {
  const { id, organizationId, occurredAt, action, before, after, address, requestId } = view;
  return {
    id,
    organizationId,
    occurredAt,
    actor: { kind: view.actorKind, id: view.actorId, name: view.actorName, tokenId: view.tokenId },
    action,
    target: { kind: view.targetKind, id: view.targetId, name: view.targetName },
    before,
    after,
    address,
    requestId,
  };
}
