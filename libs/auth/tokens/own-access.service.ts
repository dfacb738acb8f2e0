import { Injectable } from '@nestjs/common';

import { Database, type EntityManager } from '#database';
import { lowerRole, type Role } from '#kernel';

import { type PrincipalKind, type TokenScope } from '../access/access.js';
import { type Actor } from '../access/actor.js';
import { unauthenticated } from '../auth.errors.js';
import { ServiceAccount } from './service-account.entity.js';
import { type ApiTokenView } from './api-token.entity.js';
import { TokenAllowance } from './token-allowance.js';
import { readToken } from './tokens.repository.js';

/** The principal of a credential, with what an API token grants in its organization. */
export interface OwnAccessView {
  readonly kind: PrincipalKind;
  readonly id: string;
  readonly name: string;
  readonly token: ApiTokenView | null;
  readonly role: Role | null;
  readonly scope: TokenScope | null;
}

/** Reads what the credential of a request is and grants, outside of the routes of an organization. */
@Injectable()
export class OwnAccess {
  constructor(
    private readonly database: Database,
    private readonly allowance: TokenAllowance,
  ) {}

  /** @throws DomainError AUTH.UNAUTHENTICATED when the token has ended since the guard read it */
  async read({ kind, id, name, tokenId }: Actor): Promise<OwnAccessView> {
    const none = { kind, id, name, token: null, role: null, scope: null };
    if (tokenId === null) return none;
    const em = this.database.reader();
    const token = await readToken(em, tokenId);
    if (token === undefined) throw unauthenticated();
    const granted =
      kind === 'service-account'
        ? await this.ofServiceAccount(em, token.organizationId, id)
        : { role: await this.ofUser(em, token, id), scope: null };
    return { ...none, token, ...granted };
  }

  private async ofUser(em: EntityManager, { organizationId, role }: ApiTokenView, userId: string): Promise<Role> {
    const held = await this.allowance.roleOf(em, organizationId, userId);
    if (held === null || role === null) throw unauthenticated();
    return lowerRole(held, role);
  }

  private async ofServiceAccount(
    em: EntityManager,
    organizationId: string,
    id: string,
  ): Promise<{ readonly role: Role | null; readonly scope: TokenScope | null }> {
    const account = await em.findOne(ServiceAccount, { organizationId, id });
    if (account === null) throw unauthenticated();
    return { role: account.role ?? null, scope: account.scope ?? null };
  }
}
