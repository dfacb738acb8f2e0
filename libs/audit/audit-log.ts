import { Injectable, Optional } from '@nestjs/common';

import { Database, type EntityManager } from '#database';
import { newId } from '#kernel';
import { AccessHints } from '#queue';

import { type ActorKind, AuditEntry, type AuditState } from './audit-entry.entity.js';

/** The actor. `id` is null for `system` alone; `tokenId` is present when the actor used an API token. */
export interface AuditActor {
  readonly kind: ActorKind;
  readonly id: string | null;
  readonly name: string;
  readonly tokenId?: string | null;
}

/** The object of the action, by the noun of the API (`user`, `session`, `invite`, `cluster`). */
export interface AuditTarget {
  readonly kind: string;
  readonly id?: string | null;
  readonly name?: string | null;
}

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

/** Stowage itself as an actor: a command, a timer, or a caller that is not signed in. */
export function systemActor(name: string): AuditActor {
  return { kind: 'system', id: null, name };
}

const ACTION = /^[a-z]+(_[a-z]+)+$/;
/** Actions after which a principal may do less than before. */
const ENDS_ACCESS =
  /^(authn_(password|session|token)|user_disable|member_(remove|leave|role)|api_token_delete|service_account_delete|cluster_(access|edit|delete)|organization_delete)/;

const SECRET = /password|secret|token$|hash$|^code$/i;

/** Writes the audit log. Append-only; a trigger refuses anything else. */
@Injectable()
export class AuditLog {
  /** Commands record without both: their changes are found by the checks of streams. */
  constructor(
    @Optional() private readonly database?: Database,
    @Optional() private readonly accessHints?: AccessHints,
  ) {}

  /**
   * Records one action, in the transaction of its effect: both are there, or neither. What may end access is announced after the commit.
   *
   * @throws TypeError when the action's name has another form, or a state has a field that looks like a secret
   */
  async record(tx: EntityManager, entry: AuditRecord): Promise<void> {
    const { organizationId, actor, action, target, before, after, address = null, requestId = null } = entry;
    if (!ACTION.test(action)) throw new TypeError(`an audit action has the form noun_verb, not ${action}`);
    for (const state of [before, after]) assertNoSecret(state ?? {});
    tx.create(AuditEntry, {
      id: newId(),
      organizationId,
      actorKind: actor.kind,
      actorId: actor.id,
      actorName: actor.name,
      tokenId: actor.tokenId ?? null,
      action,
      targetKind: target.kind,
      targetId: target.id ?? null,
      targetName: target.name ?? null,
      before: before ?? null,
      after: after ?? null,
      address,
      requestId,
    });
    await tx.flush();
    if (ENDS_ACCESS.test(action)) this.announce(entry);
  }

  /** Announces whose access has changed, after the commit: for a cluster, that of its whole organization. */
  private announce({ action, organizationId, target }: AuditRecord): void {
    const id = action.startsWith('cluster_') ? organizationId : target.id;
    if (id !== null && id !== undefined) this.database?.afterCommit(() => this.accessHints?.changed(id));
  }
}

function assertNoSecret(state: AuditState): void {
  const secret = Object.keys(state).find((field) => SECRET.test(field));
  if (secret !== undefined) throw new TypeError(`${secret} must not be written to the audit log`);
}
