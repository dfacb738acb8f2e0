import { present } from '#http';

import { type AuditView } from './audit-trail.js';
import { AuditEntryDto } from './audit.dto.js';

/** An entry as the API shows it. Secrets were refused when it was written. */
export function toAuditEntryDto(view: AuditView): AuditEntryDto {
  return present(AuditEntryDto, {
    ...view,
    actor: { kind: view.actorKind, id: view.actorId, name: view.actorName, tokenId: view.tokenId },
    target: { kind: view.targetKind, id: view.targetId, name: view.targetName },
  });
}
