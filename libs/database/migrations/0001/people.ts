/** Users, their sessions and their codes. */
export const USERS = [
  `create table users (
    id uuid not null primary key,
    username text not null,
    username_key text not null,
    email text null,
    email_key text null,
    password_hash text not null,
    is_operator boolean not null default false,
    created_at timestamptz not null default now(),
    password_changed_at timestamptz not null default now(),
    disabled_at timestamptz null,
    constraint users_username_key_unique unique (username_key),
    constraint users_email_key_unique unique (email_key),
    constraint users_username_check check (username ~ '^[A-Za-z0-9._-]{3,32}$'),
    constraint users_username_key_check check (username_key = lower(username collate "C")),
    constraint users_password_hash_check check (password_hash ~~ '$argon2id$%')
  )`,
  `create table login_addresses (
    user_id uuid not null references users (id) on delete cascade,
    address text not null,
    last_login_at timestamptz not null default now(),
    primary key (user_id, address)
  )`,
  `create table reset_codes (
    user_id uuid not null primary key references users (id) on delete cascade,
    code_hash bytea not null,
    created_by uuid null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
  )`,
  `create table sessions (
    id uuid not null primary key,
    user_id uuid not null references users (id) on delete cascade,
    family_salt bytea not null,
    generation int not null default 0,
    token_hash bytea not null,
    created_at timestamptz not null default now(),
    rotated_at timestamptz not null default now(),
    idle_expires_at timestamptz not null,
    expires_at timestamptz not null,
    user_agent text null,
    address text null,
    constraint sessions_token_hash_check check (octet_length(token_hash) = 32 and octet_length(family_salt) = 32),
    constraint sessions_generation_check check (generation >= 0),
    constraint sessions_idle_expires_at_check check (idle_expires_at <= expires_at)
  )`,
  `create index sessions_user_id_index on sessions (user_id, rotated_at)`,
];

/** Organizations, their members, and the invites by which members join. */
export const ORGANIZATIONS = [
  // A limit of null is the installation's default.
  `create table organizations (
    id uuid not null primary key,
    name text not null,
    created_by uuid not null references users (id),
    created_at timestamptz not null default now(),
    version int not null default 1,
    deleted_at timestamptz null,
    limit_clusters int null,
    limit_members int null,
    limit_invites int null,
    limit_tokens int null,
    limit_queued int null,
    limit_bytes bigint null,
    constraint organizations_limits_check
      check (least(limit_clusters, limit_members, limit_invites, limit_tokens, limit_queued, limit_bytes) >= 0)
  )`,
  `create index organizations_created_by_index on organizations (created_by)`,
  // Stored bytes are added up from inserted changes: see docs/decisions/bytes-quota.md.
  `create table organization_bytes (
    organization_id uuid not null primary key references organizations (id),
    bytes bigint not null
  )`,
  `create table organization_byte_changes (
    organization_id uuid not null,
    id bigint generated always as identity,
    bytes bigint not null,
    primary key (organization_id, id)
  )`,
  `create table memberships (
    organization_id uuid not null references organizations (id),
    user_id uuid not null references users (id),
    role text not null,
    joined_at timestamptz not null default now(),
    primary key (organization_id, user_id),
    constraint memberships_role_check check (role in ('viewer', 'developer', 'admin'))
  )`,
  `create index memberships_user_id_index on memberships (user_id)`,
  // Invites made before do not admit a removed member again.
  `create table removed_members (
    organization_id uuid not null references organizations (id),
    user_id uuid not null references users (id),
    removed_at timestamptz not null default now(),
    primary key (organization_id, user_id)
  )`,
  // A service account makes invites too, so created_by refers to no table.
  `create table invites (
    id uuid not null primary key,
    organization_id uuid not null references organizations (id),
    code_hash bytea not null,
    role text not null,
    max_uses int not null,
    uses int not null default 0,
    note text null,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz null,
    constraint invites_code_hash_unique unique (code_hash),
    constraint invites_role_check check (role in ('viewer', 'developer', 'admin')),
    constraint invites_uses_check check (uses between 0 and max_uses)
  )`,
  `create index invites_organization_id_index on invites (organization_id, id)`,
];

/** Service accounts, and the API tokens of users and service accounts. */
export const TOKENS = [
  `create table service_accounts (
    id uuid not null primary key,
    organization_id uuid not null references organizations (id),
    name text not null,
    name_key text not null,
    role text null,
    scope text null,
    created_by uuid null,
    created_at timestamptz not null default now(),
    constraint service_accounts_tenant_unique unique (organization_id, id),
    constraint service_accounts_name_unique unique (organization_id, name_key),
    constraint service_accounts_role_check check (role in ('viewer', 'developer', 'admin')),
    constraint service_accounts_scope_check check (scope in ('runtime')),
    constraint service_accounts_power_check check (num_nonnulls(role, scope) = 1)
  )`,
  `create table api_tokens (
    id uuid not null primary key,
    organization_id uuid not null references organizations (id),
    user_id uuid null references users (id) on delete cascade,
    service_account_id uuid null,
    name text not null,
    token_hash bytea not null,
    role text null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    last_used_at timestamptz null,
    foreign key (organization_id, service_account_id) references service_accounts (organization_id, id) on delete cascade,
    constraint api_tokens_token_hash_unique unique (token_hash),
    constraint api_tokens_role_check check (role in ('viewer', 'developer', 'admin')),
    constraint api_tokens_owner_check check (num_nonnulls(user_id, service_account_id) = 1),
    constraint api_tokens_power_check check ((user_id is not null) = (role is not null))
  )`,
  `create index api_tokens_user_id_index on api_tokens (user_id, id)`,
  `create index api_tokens_service_account_id_index on api_tokens (organization_id, service_account_id, id)`,
];

/** The audit log, and the answers that a repeated request with the same key gets. */
export const RECORDS = [
  // Without foreign keys: an entry stays true when its organization or user is gone.
  `create table audit_entries (
    id uuid not null primary key,
    organization_id uuid null,
    occurred_at timestamptz not null default now(),
    actor_kind text not null,
    actor_id uuid null,
    actor_name text not null,
    token_id uuid null,
    action text not null,
    target_kind text not null,
    target_id text null,
    target_name text null,
    before jsonb null,
    after jsonb null,
    address text null,
    request_id text null,
    constraint audit_entries_actor_kind_check check (actor_kind in ('user', 'api-token', 'service-account', 'system')),
    constraint audit_entries_actor_check check ((actor_kind = 'system') = (actor_id is null))
  )`,
  `create index audit_entries_time_index on audit_entries (organization_id, occurred_at, id)`,
  `create function refuse_audit_change() returns trigger language plpgsql as $$
    begin
      raise exception 'the audit log is append-only' using errcode = '23514', constraint = 'audit_entries_append_only';
    end $$`,
  `create trigger audit_entries_append_only before update or delete on audit_entries
    for each row execute function refuse_audit_change()`,
  `create trigger audit_entries_no_truncate before truncate on audit_entries
    for each statement execute function refuse_audit_change()`,
  // `id` is a digest of the caller, the operation and the key; the answer is sealed, because some contain a secret.
  `create table idempotent_answers (
    id bytea not null primary key,
    request_digest bytea not null,
    answer bytea not null,
    created_at timestamptz not null default now()
  )`,
  `create index idempotent_answers_created_at_index on idempotent_answers (created_at)`,
];
