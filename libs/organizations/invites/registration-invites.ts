import { Injectable } from '@nestjs/common';

import { InviteRedeemer } from '#auth';
import { type EntityManager, rowsOf, sql } from '#database';
import { currentRequest } from '#http';

import { InviteRedemption } from './invite-redemption.js';

/** Lets somebody join while registering, in the same transaction: both happen, or neither. */
@Injectable()
export class RegistrationInvites extends InviteRedeemer {
  constructor(private readonly redemption: InviteRedemption) {
    super();
  }

  override async redeem(tx: EntityManager, code: string, userId: string): Promise<void> {
    const [user] = await rowsOf(tx, sql<{ name: string }>`select username as name from users where id = ${userId}`);
    if (user === undefined) throw new Error('somebody registered and has no account');
    const request = currentRequest();
    await this.redemption.redeem(tx, code, {
      id: userId,
      name: user.name,
      audited: {
        actor: { kind: 'user', id: userId, name: user.name },
        address: request?.ip ?? null,
        requestId: request?.requestId ?? null,
      },
    });
  }
}
