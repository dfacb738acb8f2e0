import { defineEntity, p, timestamptz } from '#database';

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
    createdAt: timestamptz.defaultRaw('now()'),
    passwordChangedAt: timestamptz.defaultRaw('now()'),
    disabledAt: timestamptz.nullable(),
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

/** An account as everybody who signs in by it sees it. */
export interface UserView {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly isOperator: boolean;
}

/** An account as its user, or an operator, may see it. */
export interface AccountView extends UserView {
  readonly createdAt: string;
  readonly disabledAt: string | null;
}

/** A person who can sign in: by the username, and by the e-mail address if `emailKey` is set, which only the first account with it has. */
export class User extends UserSchema.class {
  changeEmail(email: string | null, emailKey: string | null): void {
    this.email = email;
    this.emailKey = emailKey;
  }

  makeOperator(): void {
    this.isOperator = true;
  }

  toView(): AccountView {
    const { id, username, email = null, isOperator, createdAt, disabledAt = null } = this;
    return { id, username, email, isOperator, createdAt, disabledAt };
  }
}
UserSchema.setClass(User);

export { UserSchema };
