import { Global, Module } from '@nestjs/common';

import { InviteRedeemer, Memberships, TokenAllowance } from '#auth';
import { BackgroundModule } from '#background';

import { InstalledOrganizationsController } from './limits/installed-organizations.controller.js';
import { InstalledOrganizationsService } from './limits/installed-organizations.service.js';
import { ByteFolding } from './limits/byte-folding.js';
import { ByteLimit } from './limits/byte-limit.js';
import { LimitsController } from './limits/limits.controller.js';
import { OrganizationUse } from './limits/organization-use.js';
import { AuditPages } from './audit-log/audit-pages.js';
import { AuditController } from './audit-log/audit.controller.js';
import { InviteRedemption } from './invites/invite-redemption.js';
import { InvitesController } from './invites/invites.controller.js';
import { InvitesService } from './invites/invites.service.js';
import { MembersController } from './members/members.controller.js';
import { MembersService } from './members/members.service.js';
import { OrganizationMemberships } from './members/memberships.js';
import { OrganizationLimits, OrganizationTokenAllowance } from './limits/organization-limits.js';
import { OrganizationsController } from './organizations/organizations.controller.js';
import { OrganizationsService } from './organizations/organizations.service.js';
import { RegistrationInvites } from './invites/registration-invites.js';

/**
 * Organizations, and the ports of auth that they provide. Global, because the guard runs before every module.
 *
 * Needs a global provider of `OrganizationClosing`.
 */
@Global()
@Module({
  imports: [BackgroundModule],
  controllers: [
    OrganizationsController,
    LimitsController,
    MembersController,
    InvitesController,
    AuditController,
    InstalledOrganizationsController,
  ],
  providers: [
    OrganizationsService,
    MembersService,
    InvitesService,
    InviteRedemption,
    AuditPages,
    InstalledOrganizationsService,
    OrganizationLimits,
    OrganizationUse,
    ByteLimit,
    ByteFolding,
    { provide: Memberships, useClass: OrganizationMemberships },
    { provide: InviteRedeemer, useClass: RegistrationInvites },
    { provide: TokenAllowance, useClass: OrganizationTokenAllowance },
  ],
  exports: [Memberships, InviteRedeemer, TokenAllowance, OrganizationLimits, ByteLimit],
})
export class OrganizationsModule {}
