import { Global, Module } from '@nestjs/common';

import { InviteRedeemer, Memberships, TokenAllowance } from '#auth';

import { AdminOrganizationsController } from './admin-organizations.controller.js';
import { AdminOrganizationsService } from './admin-organizations.service.js';
import { AuditPages } from './audit-pages.js';
import { AuditController } from './audit.controller.js';
import { InviteRedemption } from './invite-redemption.js';
import { InvitesController } from './invites.controller.js';
import { InvitesService } from './invites.service.js';
import { MembersController } from './members.controller.js';
import { MembersService } from './members.service.js';
import { OrganizationMemberships } from './memberships.js';
import { OrganizationLimits, OrganizationTokenAllowance } from './organization-limits.js';
import { OrganizationsController } from './organizations.controller.js';
import { OrganizationsService } from './organizations.service.js';
import { RegistrationInvites } from './registration-invites.js';

/**
 * Organizations, and what other libs ask of them through their ports. Global, because the guard stands before every module.
 *
 * Needs from the rest of the process a global provider of `OrganizationClosing`.
 */
@Global()
@Module({
  controllers: [
    OrganizationsController,
    MembersController,
    InvitesController,
    AuditController,
    AdminOrganizationsController,
  ],
  providers: [
    OrganizationsService,
    MembersService,
    InvitesService,
    InviteRedemption,
    AuditPages,
    AdminOrganizationsService,
    OrganizationLimits,
    { provide: Memberships, useClass: OrganizationMemberships },
    { provide: InviteRedeemer, useClass: RegistrationInvites },
    { provide: TokenAllowance, useClass: OrganizationTokenAllowance },
  ],
  exports: [Memberships, InviteRedeemer, TokenAllowance, OrganizationLimits],
})
export class OrganizationsModule {}
