import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { Settings } from '#config';
import { constraintOf, Database } from '#database';
import { type DomainError } from '#kernel';

import { auditedByUser, type Origin } from '../access/actor.js';
import { createUser, isTaken, rememberAddress } from '../accounts/accounts.repository.js';
import { usernameKey } from '../accounts/names.js';
import { nameTaken } from '../auth.errors.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { assertAcceptablePassword } from '../passwords/password-policy.js';
import { TakenNames } from '../throttling/taken-names.js';
import { InviteRedeemer } from './invite-redeemer.js';
import { applicantOf } from './password-proof.js';
import { Sessions, type SignedIn } from './sessions.service.js';

/** The input of a registration. */
export interface Registration {
  readonly username: string;
  readonly password: string;
  readonly email?: string | null;
  readonly inviteCode?: string | null;
}

/** Makes accounts. */
@Injectable()
export class RegistrationService {
  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly hasher: PasswordHasher,
    private readonly sessions: Sessions,
    private readonly invites: InviteRedeemer,
    private readonly audit: AuditLog,
    private readonly taken: TakenNames,
  ) {}

  /**
   * Makes an account and signs it in; with an invite code it joins the organization in the same transaction, or nothing happens at all.
   *
   * An e-mail address of another account is accepted all the same, and the answer does not differ: but only the account that gave it first can
   * sign in by it.
   *
   * @throws DomainError AUTH.PASSWORD_REFUSED, AUTH.USERNAME_TAKEN, AUTH.BUSY, or what the invite code's lib throws
   */
  async register(registration: Registration, origin: Origin): Promise<SignedIn> {
    const { username, inviteCode } = registration;
    assertAcceptablePassword(registration.password, registration, this.settings.passwordMinLength, '#/password');
    // Read beforehand only to spare the hashing, a number of times for each address: the unique constraint decides.
    const mayAsk = await this.taken.mayAsk(origin.address);
    if (mayAsk && (await isTaken(this.database.reader(), username))) throw await this.refuseTaken(origin);
    const passwordHash = await this.hasher.hash(
      registration.password,
      applicantOf(usernameKey(username), origin, false),
    );
    try {
      return await this.database.transaction(async (tx) => {
        const user = await createUser(tx, {
          username,
          email: registration.email ?? null,
          passwordHash,
          isOperator: false,
        });
        const session = await this.sessions.open(tx, user.id, origin);
        await rememberAddress(tx, user.id, origin.address);
        await this.audit.record(tx, {
          organizationId: null,
          action: 'user_create',
          target: { kind: 'user', id: user.id, name: user.username },
          ...auditedByUser(user, origin),
        });
        if (inviteCode !== undefined && inviteCode !== null) await this.invites.redeem(tx, inviteCode, user.id);
        return { session, user };
      });
    } catch (error) {
      throw constraintOf(error) === 'users_username_key_unique' ? await this.refuseTaken(origin) : error;
    }
  }

  private async refuseTaken({ address }: Origin): Promise<DomainError> {
    await this.taken.count(address);
    return nameTaken('USERNAME_TAKEN', '#/username');
  }
}
