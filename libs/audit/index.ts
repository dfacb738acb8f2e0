export { ACTOR_KINDS, type ActorKind, AuditEntry, AuditEntrySchema, type AuditState } from './audit-entry.entity.js';
export { type AuditActor, AuditLog, type AuditRecord, type AuditTarget, systemActor } from './audit-log.js';
export { auditEntities } from './audit.entities.js';
export { AuditModule } from './audit.module.js';
export { type AuditFilter, AuditTrail, type AuditView, positionOf } from './audit-trail.js';
export { AuditEntryDto, AuditQuery, InstallationAuditQuery } from './audit.dto.js';
export { AuditErrors } from './audit.errors.js';
