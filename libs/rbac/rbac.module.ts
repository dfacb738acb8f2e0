import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';

import { AccessGuard } from './access.guard.js';
import { RouteAudit } from './route-audit.js';

/** Puts the guard before every route of the application, and checks at start that every route declares its access. */
@Module({
  imports: [DiscoveryModule],
  providers: [{ provide: APP_GUARD, useClass: AccessGuard }, RouteAudit],
})
export class RbacModule {}
