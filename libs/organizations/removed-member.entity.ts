import { defineEntity, p, timestamptz } from '#database';

const RemovedMemberSchema = defineEntity({
  name: 'RemovedMember',
  tableName: 'removed_members',
  primaryKeys: ['organizationId', 'userId'],
  properties: {
    organizationId: p.uuid().primary(),
    userId: p.uuid().primary(),
    removedAt: timestamptz.defaultRaw('now()'),
  },
});

/** A user that an admin removed from an organization: invites made before that do not admit the user again. */
export class RemovedMember extends RemovedMemberSchema.class {}
RemovedMemberSchema.setClass(RemovedMember);

export { RemovedMemberSchema };
