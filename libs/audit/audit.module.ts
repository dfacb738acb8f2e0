import { Global, Module } from '@nestjs/common';

import { AuditLog } from './audit-log.js';
import { AuditTrail } from './audit-trail.js';

/** Gives every lib the audit log, to write and to read. */
@Global()
@Module({ providers: [AuditLog, AuditTrail], exports: [AuditLog, AuditTrail] })
export class AuditModule {}
