import { Inject, Injectable } from '@nestjs/common';

import { AuditLog, systemActor } from '#audit';
import { Settings } from '#config';
import { Database, type EntityManager } from '#database';

import { createUser, isTaken } from '../accounts/accounts.repository.js';
import { USERNAME_PATTERN, usernameKey } from '../accounts/names.js';
import { User } from '../accounts/user.entity.js';
import { AuthErrors } from '../auth.errors.js';
import { OWN_APPLICANT, PasswordHasher } from '../passwords/password-hasher.js';
import { assertAcceptablePassword } from '../passwords/password-policy.js';

/** Makes operators, for a command on the machine: no route does. */
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
    const passwordHash = await this.hasher.hash(password, OWN_APPLICANT);
    await this.database.transaction(async (tx) => {
      const user = await createUser(tx, { username, email: null, passwordHash, isOperator: true });
      await this.record(tx, 'operator_create', user);
    });
  }

  /** Makes an operator of an account that exists; its password stays as it is. @returns its username */
  async promote(username: string): Promise<string> {
    return this.database.transaction(async (tx) => {
      const user = await tx.findOneOrFail(User, { usernameKey: usernameKey(username) });
      user.makeOperator();
      await this.record(tx, 'operator_grant', user);
      return user.username;
    });
  }

  private async record(
    tx: EntityManager,
    action: string,
    { id, username }: { readonly id: string; readonly username: string },
  ): Promise<void> {
    const [actor, target] = [systemActor('operator command'), { kind: 'user', id, name: username }];
    await this.audit.record(tx, { organizationId: null, actor, action, target });
  }
}
