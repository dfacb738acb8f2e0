import { Inject, Injectable } from '@nestjs/common';

import { AuditLog, systemActor } from '#audit';
import { Settings } from '#config';
import { Database, exactlyOne, rowsOf, sql } from '#database';

import { USERNAME_PATTERN, usernameKey } from '../accounts/names.js';
import { insertUser, isTaken } from '../accounts/new-user.js';
import { AuthErrors } from '../auth.errors.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { assertAcceptablePassword } from '../passwords/password-policy.js';

/** Makes operators: by a command on the machine, and by nothing that listens. */
@Injectable()
export class Operators {
  constructor(
    private readonly database: Database,
    @Inject(Settings) private readonly settings: Pick<Settings, 'passwordMinLength'>,
    private readonly hasher: PasswordHasher,
    private readonly audit: AuditLog,
  ) {}

  /** Whether there is an account of this name. @throws DomainError AUTH.USERNAME_INVALID */
  async exists(username: string): Promise<boolean> {
    if (!USERNAME_PATTERN.test(username)) {
      throw AuthErrors.USERNAME_INVALID.because(
        'A username has 3 to 32 letters a-z, digits, dots, dashes and underscores.',
      );
    }
    return isTaken(this.database.reader(), username);
  }

  /** Makes a new account that is an operator's. @throws DomainError AUTH.PASSWORD_REFUSED */
  async create(username: string, password: string): Promise<void> {
    assertAcceptablePassword(password, { username }, this.settings.passwordMinLength, '#/password');
    const passwordHash = await this.hasher.hash(password);
    await this.database.transaction(async (tx) => {
      const { id } = await insertUser(tx, { username, email: null, passwordHash, isOperator: true });
      await this.audit.record(tx, {
        organizationId: null,
        actor: systemActor('operator command'),
        action: 'operator_create',
        target: { kind: 'user', id, name: username },
      });
    });
  }

  /** Makes an operator of an account that exists; its password stays as it is. @returns the name as it is written there */
  async promote(username: string): Promise<string> {
    return this.database.transaction(async (tx) => {
      const rows = await rowsOf(
        tx,
        sql<{ id: string; username: string }>`
          update users set is_operator = true where username_key = ${usernameKey(username)} returning id, username`,
      );
      const user = exactlyOne(rows);
      await this.audit.record(tx, {
        organizationId: null,
        actor: systemActor('operator command'),
        action: 'operator_grant',
        target: { kind: 'user', id: user.id, name: user.username },
      });
      return user.username;
    });
  }
}
