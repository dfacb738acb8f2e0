import { type Snapshot } from '#packing';

import { FIRST_HASH, hashOf, isSameLink, type StoredDecision } from './chain.js';
import { type Decision, encodeDecision } from './decision-codec.js';
import { plannerBuild } from './planner-build.js';

/** The last link of a cluster's chain. */
export interface ChainHead {
  readonly position: number;
  readonly hash: string;
}

/** Where the decision of a pass belongs. */
export interface Recording {
  readonly clusterId: string;
  readonly passId: string;
  /** Null where nothing was recorded yet. */
  readonly head: ChainHead | null;
}

/** The whole snapshot is stored at least so often: it bounds what is read to find one decision. */
const WHOLE_EVERY = 64;

/** The most rows that snapshots of this thread keep in memory, some 300 bytes each. */
const MAX_ROWS_KEPT = 50_000;

interface Kept {
  readonly hash: string;
  readonly snapshot: Snapshot;
}

/**
 * Encodes decisions as links of the chains of their clusters. Remembers the last snapshot of each cluster: where the head of the chain is that
 * one, the next stores its changes alone. One of another thread, or one that was rolled back, never is.
 */
export class DecisionRecorder {
  private readonly last = new Map<string, Kept>();
  private rows = 0;

  /** The next link of a chain. */
  record({ clusterId, passId, head }: Recording, decision: Decision): StoredDecision {
    const { snapshot } = decision;
    const { position, hash: previousHash } = head ?? { position: 0, hash: FIRST_HASH };
    const kept = this.last.get(clusterId);
    const isNext = isSameLink(previousHash, kept?.hash ?? null) && (position + 1) % WHOLE_EVERY !== 0;
    const before = isNext && kept !== undefined ? kept.snapshot : null;
    const place = {
      clusterId,
      position: position + 1,
      passId,
      atMs: snapshot.nowMs,
      build: plannerBuild(),
      isWhole: before === null,
    };
    const record = encodeDecision(decision, before);
    const hash = hashOf(previousHash, place, record);
    this.keep(clusterId, { hash, snapshot });
    return { ...place, record, hash };
  }

  private keep(clusterId: string, kept: Kept): void {
    this.forget(clusterId);
    this.last.set(clusterId, kept);
    this.rows += rowsOf(kept.snapshot);
    for (const oldest of this.last.keys()) {
      if (this.rows <= MAX_ROWS_KEPT) break;
      this.forget(oldest);
    }
  }

  private forget(clusterId: string): void {
    const kept = this.last.get(clusterId);
    if (kept === undefined) return;
    this.last.delete(clusterId);
    this.rows -= rowsOf(kept.snapshot);
  }
}

/** One more than its lists hold: an empty snapshot counts, too. */
function rowsOf({ running, waiting }: Snapshot): number {
  return 1 + running.length + waiting.length;
}
