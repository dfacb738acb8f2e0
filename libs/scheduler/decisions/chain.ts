import { createHash } from 'node:crypto';

/** The place of a decision in the log of its cluster. */
export interface DecisionPlace {
  readonly clusterId: string;
  /** Counts the decisions of the cluster, from 1. */
  readonly position: number;
  readonly passId: string;
  /** The time at which the pass planned. */
  readonly atMs: number;
  /** The planner that made the plan. */
  readonly build: string;
  /** Whether the record holds the whole snapshot, and not its changes since the decision before. */
  readonly isWhole: boolean;
}

/** A decision as it is stored, with its link of the chain. */
export interface StoredDecision extends DecisionPlace {
  readonly record: Uint8Array;
  /** SHA-256, in hexadecimal. */
  readonly hash: string;
}

/** The hash before the first decision of a cluster. */
export const FIRST_HASH = '0'.repeat(64);

/** The hash of a decision: of the hash before, its place and its record. Nothing of it can change without a change of every later hash. */
export function hashOf(previousHash: string, place: DecisionPlace, record: Uint8Array): string {
  const { clusterId, position, passId, atMs, build, isWhole } = place;
  return createHash('sha256')
    .update(previousHash, 'hex')
    .update(JSON.stringify([clusterId, position, passId, atMs, build, isWhole]))
    .update(record)
    .digest('hex');
}

/** Whether two links are the same. Hashes of a chain are no secrets. */
export function isSameLink(one: string, other: string | null): boolean {
  return one === other;
}
