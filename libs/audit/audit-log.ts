import { Injectable } from '@nestjs/common';

import { type EntityManager, rowsOf, sql } from '#database';
import { newId } from '#kernel';

import { type ActorKind } from './audit-entry.entity.js';

/** Who did it. `id` is null for `system` alone; `tokenId` is there when the actor came with an API token. */
export interface AuditActor {
  readonly kind: ActorKind;
  readonly id: string | null;
  readonly name: string;
  readonly tokenId?: string | null;
}

/** What it was done to, by the noun of the API (`user`, `session`, `invite`, `cluster`). */
export interface AuditTarget {
  readonly kind: string;
  readonly id?: string | null;
  readonly name?: string | null;
}

/** A state before or after, as it may be shown to the organization's admins. Never a secret. */
export type AuditState = Readonly<Record<string, unknown>>;

/** One action to record. */
export interface AuditRecord {
  /** Null for what concerns the installation or an account, and no organization. */
  readonly organizationId: string | null;
  readonly actor: AuditActor;
  /** `noun_verb` in lower case, such as `member_role_change`; actions of sign-in begin with `authn_`. Never renamed once released. */
  readonly action: string;
  readonly target: AuditTarget;
  readonly before?: AuditState;
  readonly after?: AuditState;
  readonly address?: string | null;
  readonly requestId?: string | null;
}

/** Stowage itself as an actor: a command, a timer, or a caller who is not signed in. */
export function systemActor(name: string): AuditActor {
  return { kind: 'system', id: null, name };
}

const ACTION = /^[a-z]+(_[a-z]+)+$/;
const SECRET = /password|secret|token$|hash$|^code$/i;

/** The audit log: what was done, by whom, to what. Append-only; a trigger refuses anything else. */
@Injectable()
export class AuditLog {
  /**
   * Records one action, in the transaction of its effect: both are there, or neither.
   *
   * @throws TypeError when the action's name has another form, or a state has a field that looks like a secret
   */
  async record(tx: EntityManager, entry: AuditRecord): Promise<void> {
    const { organizationId, actor, action, target, before, after, address = null, requestId = null } = entry;
    if (!ACTION.test(action)) throw new TypeError(`an audit action has the form noun_verb, not ${action}`);
    await rowsOf(
      tx,
      sql`
        insert into audit_entries (id, organization_id, actor_kind, actor_id, actor_name, token_id, action,
                                   target_kind, target_id, target_name, before, after, address, request_id)
        values (${newId()}, ${organizationId}, ${actor.kind}, ${actor.id}, ${actor.name}, ${actor.tokenId ?? null}, ${action},
                ${target.kind}, ${target.id ?? null}, ${target.name ?? null}, ${jsonOf(before)}, ${jsonOf(after)}, ${address}, ${requestId})`,
    );
  }
}

function jsonOf(state: AuditState | undefined): string | null {
  if (state === undefined) return null;
  const secret = Object.keys(state).find((field) => SECRET.test(field));
  if (secret !== undefined) throw new TypeError(`${secret} must not be written to the audit log`);
  return JSON.stringify(state);
}
