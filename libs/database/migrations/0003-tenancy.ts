import { Migration } from '@mikro-orm/migrations';

/** Organizations, who belongs to them, and the codes by which people join. */
export class Tenancy extends Migration {
  override up(): void {
    this.addSql(`
      create table organizations (
        id uuid not null primary key,
        name text not null,
        created_by uuid not null references users (id),
        created_at timestamptz not null default now(),
        version int not null default 1
      )`);
    this.addSql(`
      create table memberships (
        organization_id uuid not null references organizations (id),
        user_id uuid not null references users (id),
        role text not null,
        joined_at timestamptz not null default now(),
        primary key (organization_id, user_id),
        constraint memberships_role_check check (role in ('viewer', 'developer', 'admin'))
      )`);
    this.addSql(`create index memberships_user_id_index on memberships (user_id)`);
    this.addSql(`
      create table invites (
        id uuid not null primary key,
        organization_id uuid not null references organizations (id),
        code_hash bytea not null,
        role text not null,
        max_uses int not null,
        uses int not null default 0,
        note text null,
        created_by uuid not null references users (id),
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        revoked_at timestamptz null,
        constraint invites_code_hash_unique unique (code_hash),
        constraint invites_role_check check (role in ('viewer', 'developer', 'admin')),
        constraint invites_uses_check check (uses between 0 and max_uses)
      )`);
    this.addSql(`create index invites_organization_id_index on invites (organization_id, id)`);
  }
}
