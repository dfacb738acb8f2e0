import { defineEntity, p } from '#database';

const UserSchema = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: {
    id: p.uuid().primary(),
    username: p.text(),
    usernameKey: p.text(),
    email: p.text().nullable(),
    emailKey: p.text().nullable(),
    passwordHash: p.text().hidden(),
    isOperator: p.boolean().default(false),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    passwordChangedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    disabledAt: p.datetime().columnType('timestamptz').nullable(),
  },
  checks: [
    { name: 'users_username_check', expression: "username ~ '^[A-Za-z0-9._-]{3,32}$'" },
    { name: 'users_username_key_check', expression: 'username_key = lower(username collate "C")' },
    { name: 'users_password_hash_check', expression: "password_hash ~~ '$argon2id$%'" },
  ],
  uniques: [
    { name: 'users_username_key_unique', properties: ['usernameKey'] },
    { name: 'users_email_key_unique', properties: ['emailKey'] },
  ],
});

/**
 * A person who can sign in.
 *
 * `email` is what the person gave; `emailKey` is the claim to sign in by it, which only the first account that gave it holds.
 */
export class User extends UserSchema.class {}
UserSchema.setClass(User);

export { UserSchema };
