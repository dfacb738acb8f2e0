import { Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, DiscoveryModule } from '@nestjs/core';

import { AccessGuard } from './access.guard.js';
import { ReadTurns } from './reads/read-turns.interceptor.js';
import { RouteAudit } from './route-audit.js';

/** Puts the guard before every route of the application, lets lists and reports take turns, and checks at start that every route declares its access. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_INTERCEPTOR, useClass: ReadTurns },
    RouteAudit,
  ],
})
export class RbacModule {}
