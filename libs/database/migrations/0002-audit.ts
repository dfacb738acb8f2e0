import { Migration } from '@mikro-orm/migrations';

/** The audit log, which nobody can rewrite. */
export class Audit extends Migration {
  override up(): void {
    this.addSql(`create table "audit_entries" (
      "id" uuid not null,
      "organization_id" uuid null,
      "occurred_at" timestamptz not null default now(),
      "actor_kind" text not null,
      "actor_id" uuid null,
      "actor_name" text not null,
      "token_id" uuid null,
      "action" text not null,
      "target_kind" text not null,
      "target_id" text null,
      "target_name" text null,
      "before" jsonb null,
      "after" jsonb null,
      "address" text null,
      "request_id" text null,
      primary key ("id"),
      constraint "audit_entries_actor_kind_check" check (actor_kind in ('user', 'api-token', 'service-account', 'system')),
      constraint "audit_entries_actor_check" check ((actor_kind = 'system') = (actor_id is null))
    )`);
    // Without foreign keys: what is told here stays true when an organization or a user is gone.
    this.addSql(`create index "audit_entries_organization_id_index" on "audit_entries" ("organization_id", "id")`);
    this.addSql(`create function "refuse_audit_change"() returns trigger language plpgsql as $$
    begin
      raise exception 'the audit log is append-only' using errcode = '23514', constraint = 'audit_entries_append_only';
    end $$`);
    this.addSql(`create trigger "audit_entries_append_only" before update or delete on "audit_entries"
      for each row execute function "refuse_audit_change"()`);
    this.addSql(`create trigger "audit_entries_no_truncate" before truncate on "audit_entries"
      for each statement execute function "refuse_audit_change"()`);
  }
}
