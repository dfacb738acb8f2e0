import { type AuditRecord } from '#audit';
import { type Actor, auditActorOf } from '#auth';

/** The part of an audit record that says who acts, from where, in which request. */
export function auditedBy(actor: Actor): Pick<AuditRecord, 'actor' | 'address' | 'requestId'> {
  return { actor: auditActorOf(actor), address: actor.address, requestId: actor.requestId };
}
