import { defineEntity, p, timestamptz } from '#database';

/** The kinds of actors: a user, a program with a user's token, a service account, or Stowage itself. */
export const ACTOR_KINDS = ['user', 'api-token', 'service-account', 'system'] as const;

export type ActorKind = (typeof ACTOR_KINDS)[number];

/** The state of a target before or after an action, as the admins of the organization may see it. Never a secret. */
export type AuditState = Readonly<Record<string, unknown>>;

const AuditEntrySchema = defineEntity({
  name: 'AuditEntry',
  tableName: 'audit_entries',
  properties: {
    id: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid').nullable(),
    occurredAt: timestamptz.defaultRaw('now()'),
    actorKind: p.text().$type<ActorKind>(),
    actorId: p.uuid().columnType('uuid').nullable(),
    actorName: p.text(),
    tokenId: p.uuid().columnType('uuid').nullable(),
    action: p.text(),
    targetKind: p.text(),
    targetId: p.text().nullable(),
    targetName: p.text().nullable(),
    before: p.json<AuditState>().columnType('jsonb').nullable(),
    after: p.json<AuditState>().columnType('jsonb').nullable(),
    address: p.text().nullable(),
    requestId: p.text().nullable(),
  },
  checks: [
    {
      name: 'audit_entries_actor_kind_check',
      expression: `actor_kind in (${ACTOR_KINDS.map((kind) => `'${kind}'`).join(', ')})`,
    },
    { name: 'audit_entries_actor_check', expression: "(actor_kind = 'system') = (actor_id is null)" },
  ],
  indexes: [{ name: 'audit_entries_time_index', properties: ['organizationId', 'occurredAt', 'id'] }],
  triggers: [
    {
      name: 'audit_entries_append_only',
      timing: 'before',
      events: ['update', 'delete'],
      expression:
        'create trigger "audit_entries_append_only" before update or delete on "audit_entries" for each row execute function "refuse_audit_change"()',
    },
  ],
});

/** One entry of the audit log. Written once; a trigger refuses every change and every deletion. */
export class AuditEntry extends AuditEntrySchema.class {}
AuditEntrySchema.setClass(AuditEntry);

export { AuditEntrySchema };
