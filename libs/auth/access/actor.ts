import { type AuditActor } from '#audit';
import { type Role } from '#kernel';

import { type TokenScope } from '../tokens/service-account.entity.js';
import { type Principal } from './standing.js';

/** Where a request comes from, for records: never a reason to allow anything. */
export interface Origin {
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
}

/** Who makes a request, and what the guard found out about them. What it says was true when the request began. */
export interface Actor extends Principal, Origin {
  /** The organization that the route names, once the guard has checked that the actor belongs to it; otherwise null. */
  readonly organizationId: string | null;
  /** The effective role there; `admin` for operators; null where the route names no organization, and for scopes. */
  readonly role: Role | null;
  readonly scope: TokenScope | null;
}

/** The actor as the audit log names it. */
export function auditActorOf(actor: Actor): AuditActor {
  return { kind: actor.kind, id: actor.id, name: actor.name, tokenId: actor.tokenId };
}
