import { Global, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';

import { ReadTurns } from '#http';

import { AccessGuard } from './access.guard.js';
import { AccountReadTurns } from './reads/account-read-turns.js';
import { RouteAudit } from './route-audit.js';

/** Puts the guard before every route of the application, lets lists and reports take turns, and checks at start that every route declares its access. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: ReadTurns, useClass: AccountReadTurns },
    RouteAudit,
  ],
  exports: [ReadTurns],
})
export class RbacModule {}
