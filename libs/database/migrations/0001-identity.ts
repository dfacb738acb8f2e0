import { Migration } from '@mikro-orm/migrations';

/** Users, their sign-ins, and the keys of programs. */
export class Identity extends Migration {
  override up(): void {
    this.users();
    this.sessions();
    this.tokens();
  }

  private users(): void {
    this.addSql(`create table "users" (
      "id" uuid not null,
      "username" text not null,
      "username_key" text not null,
      "email" text null,
      "email_key" text null,
      "password_hash" text not null,
      "is_operator" boolean not null default false,
      "created_at" timestamptz not null default now(),
      "password_changed_at" timestamptz not null default now(),
      "disabled_at" timestamptz null,
      primary key ("id"),
      constraint "users_username_key_unique" unique ("username_key"),
      constraint "users_email_key_unique" unique ("email_key"),
      constraint "users_username_check" check (username ~ '^[A-Za-z0-9._-]{3,32}$'),
      constraint "users_username_key_check" check (username_key = lower(username collate "C")),
      constraint "users_password_hash_check" check (password_hash ~~ '$argon2id$%')
    )`);
    this.addSql(`create table "login_addresses" (
      "user_id" uuid not null references "users" ("id") on delete cascade,
      "address" text not null,
      "last_login_at" timestamptz not null default now(),
      primary key ("user_id", "address")
    )`);
    this.addSql(`create table "reset_codes" (
      "user_id" uuid not null references "users" ("id") on delete cascade,
      "code_hash" bytea not null,
      "created_by" uuid null,
      "created_at" timestamptz not null default now(),
      "expires_at" timestamptz not null,
      primary key ("user_id")
    )`);
  }

  private sessions(): void {
    this.addSql(`create table "sessions" (
      "id" uuid not null,
      "user_id" uuid not null references "users" ("id") on delete cascade,
      "family_salt" bytea not null,
      "generation" int not null default 0,
      "token_hash" bytea not null,
      "created_at" timestamptz not null default now(),
      "rotated_at" timestamptz not null default now(),
      "idle_expires_at" timestamptz not null,
      "expires_at" timestamptz not null,
      "user_agent" text null,
      "address" text null,
      primary key ("id"),
      constraint "sessions_token_hash_check" check (octet_length(token_hash) = 32 and octet_length(family_salt) = 32),
      constraint "sessions_generation_check" check (generation >= 0),
      constraint "sessions_idle_expires_at_check" check (idle_expires_at <= expires_at)
    )`);
    this.addSql(`create index "sessions_user_id_index" on "sessions" ("user_id", "rotated_at")`);
  }

  private tokens(): void {
    // The foreign keys to organizations come with that table.
    this.addSql(`create table "service_accounts" (
      "id" uuid not null,
      "organization_id" uuid not null,
      "name" text not null,
      "name_key" text not null,
      "role" text null,
      "scope" text null,
      "created_by" uuid null,
      "created_at" timestamptz not null default now(),
      primary key ("id"),
      constraint "service_accounts_tenant_unique" unique ("organization_id", "id"),
      constraint "service_accounts_name_unique" unique ("organization_id", "name_key"),
      constraint "service_accounts_role_check" check (role in ('viewer', 'developer', 'admin')),
      constraint "service_accounts_scope_check" check (scope in ('runtime')),
      constraint "service_accounts_power_check" check (num_nonnulls(role, scope) = 1)
    )`);
    this.addSql(`create table "api_tokens" (
      "id" uuid not null,
      "organization_id" uuid not null,
      "user_id" uuid null references "users" ("id") on delete cascade,
      "service_account_id" uuid null,
      "name" text not null,
      "token_hash" bytea not null,
      "role" text null,
      "created_at" timestamptz not null default now(),
      "expires_at" timestamptz not null,
      "last_used_at" timestamptz null,
      primary key ("id"),
      foreign key ("organization_id", "service_account_id") references "service_accounts" ("organization_id", "id") on delete cascade,
      constraint "api_tokens_token_hash_unique" unique ("token_hash"),
      constraint "api_tokens_role_check" check (role in ('viewer', 'developer', 'admin')),
      constraint "api_tokens_owner_check" check (num_nonnulls(user_id, service_account_id) = 1),
      constraint "api_tokens_power_check" check ((user_id is not null) = (role is not null))
    )`);
    this.addSql(`create index "api_tokens_user_id_index" on "api_tokens" ("user_id", "id")`);
    this.addSql(
      `create index "api_tokens_service_account_id_index" on "api_tokens" ("organization_id", "service_account_id", "id")`,
    );
  }
}
