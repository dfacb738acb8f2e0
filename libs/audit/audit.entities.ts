import { type Entity } from '#database';

import { AuditEntry } from './audit-entry.entity.js';

/** Every entity of this lib, for the process that lists what it stores. */
export const auditEntities: readonly Entity[] = [AuditEntry];
