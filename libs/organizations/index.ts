import { InviteSchema } from './invite.entity.js';
import { MembershipSchema } from './membership.entity.js';
import { OrganizationSchema } from './organization.entity.js';

export { OrganizationClosing, type RemainingWork } from './organizations/organization-closing.js';
export { type Limits, OrganizationLimits } from './limits/organization-limits.js';
export { OrganizationsModule } from './organizations.module.js';

/** The tables of this lib. */
export const organizationEntities = [OrganizationSchema, MembershipSchema, InviteSchema];
