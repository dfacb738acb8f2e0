import { defineEntity, p } from '#database';

const OrganizationBytesSchema = defineEntity({
  name: 'OrganizationBytes',
  tableName: 'organization_bytes',
  properties: {
    organizationId: p.uuid().primary(),
    bytes: p.bigint('number'),
  },
});

/** The stored bytes of an organization, as far as their changes have been added up. */
export class OrganizationBytes extends OrganizationBytesSchema.class {}
OrganizationBytesSchema.setClass(OrganizationBytes);

const OrganizationByteChangeSchema = defineEntity({
  name: 'OrganizationByteChange',
  tableName: 'organization_byte_changes',
  primaryKeys: ['organizationId', 'id'],
  properties: {
    organizationId: p.uuid().primary(),
    id: p.bigint('number').primary().autoincrement().generated('identity'),
    bytes: p.bigint('number'),
  },
});

/** By how much the stored bytes of an organization have changed since: one row for each statement that changed them. */
export class OrganizationByteChange extends OrganizationByteChangeSchema.class {}
OrganizationByteChangeSchema.setClass(OrganizationByteChange);

export { OrganizationByteChangeSchema, OrganizationBytesSchema };
