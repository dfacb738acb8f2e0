import { Injectable } from '@nestjs/common';

import { InviteRedeemer, User } from '#auth';
import { type EntityManager } from '#database';
import { currentRequest } from '#http';

import { InviteRedemption } from './invite-redemption.js';

/** Lets a user join while registering, in the same transaction: both happen, or neither. */
@Injectable()
export class RegistrationInvites extends InviteRedeemer {
  constructor(private readonly redemption: InviteRedemption) {
    super();
  }

  override async redeem(tx: EntityManager, code: string, userId: string): Promise<void> {
    const { username: name } = await tx.findOneOrFail(User, userId);
    const { ip: address = null, requestId = null } = currentRequest() ?? {};
    const actor = { kind: 'user', id: userId, name } as const;
    await this.redemption.redeem(tx, code, { id: userId, name, audited: { actor, address, requestId } });
  }
}
