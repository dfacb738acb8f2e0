import { InviteSchema } from './invite.entity.js';
import { MembershipSchema } from './membership.entity.js';
import { RemovedMemberSchema } from './removed-member.entity.js';
import { OrganizationSchema } from './organization.entity.js';
import { OrganizationByteChangeSchema, OrganizationBytesSchema } from './stored-bytes.entity.js';

export { OrganizationClosing, type RemainingWork } from './organizations/organization-closing.js';
export { type Limits, OrganizationLimits } from './limits/organization-limits.js';
export { ByteFolding } from './limits/byte-folding.js';
export { ByteLimit } from './limits/byte-limit.js';
export { byteChange } from './stored-bytes.repository.js';
export { KnownRooms } from './limits/known-rooms.js';
export { OrganizationErrors } from './organizations.errors.js';
export { OrganizationsModule } from './organizations.module.js';

/** The tables of this lib. */
export const organizationEntities = [
  OrganizationSchema,
  MembershipSchema,
  RemovedMemberSchema,
  InviteSchema,
  OrganizationBytesSchema,
  OrganizationByteChangeSchema,
];
