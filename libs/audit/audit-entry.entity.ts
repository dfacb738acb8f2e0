import { defineEntity, p } from '#database';

/** Who can act: a person, a program with that person's token, an organization's program, or Stowage itself. */
export const ACTOR_KINDS = ['user', 'api-token', 'service-account', 'system'] as const;

export type ActorKind = (typeof ACTOR_KINDS)[number];

const AuditEntrySchema = defineEntity({
  name: 'AuditEntry',
  tableName: 'audit_entries',
  properties: {
    id: p.uuid().primary(),
    organizationId: p.uuid().columnType('uuid').nullable(),
    occurredAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    actorKind: p.text().$type<ActorKind>(),
    actorId: p.uuid().columnType('uuid').nullable(),
    actorName: p.text(),
    tokenId: p.uuid().columnType('uuid').nullable(),
    action: p.text(),
    targetKind: p.text(),
    targetId: p.text().nullable(),
    targetName: p.text().nullable(),
    before: p.json().columnType('jsonb').$type<Readonly<Record<string, unknown>>>().nullable(),
    after: p.json().columnType('jsonb').$type<Readonly<Record<string, unknown>>>().nullable(),
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

/** One line of the audit log. Written once; a trigger refuses every change and every deletion. */
export class AuditEntry extends AuditEntrySchema.class {}
AuditEntrySchema.setClass(AuditEntry);

export { AuditEntrySchema };
