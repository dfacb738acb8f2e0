import { hashOf, isSameLink, type StoredDecision } from './chain.js';
import { type DecisionExcerpt } from './decision-file.js';

/** What is wrong with a chain. */
export type ChainFault =
  | { readonly kind: 'missing'; readonly position: number }
  | { readonly kind: 'changed'; readonly position: number }
  | { readonly kind: 'cut'; readonly position: number }
  | { readonly kind: 'head-not-found'; readonly position: null };

/** A chain that was recomputed. */
export interface CheckedChain {
  /** The positions of the kept decisions; null where none is kept. */
  readonly first: number | null;
  readonly last: number | null;
  /** The recomputed hash of the last one. */
  readonly hash: string;
  /** Where the given head was found: everything up to there is as it was when that head was noted. Null where none was given. */
  readonly headAt: number | null;
  /** The first fault; null where there is none. */
  readonly fault: ChainFault | null;
}

/**
 * Recomputes a chain. Finds decisions that were changed, removed or inserted: without a head from elsewhere, those that were made without
 * recomputing all that follows; with one, all up to that head.
 *
 * @param excerpt names the decision before its first, and its last: the end of the chain as it is recorded beside it
 * @param noted a hash of the chain that was noted elsewhere, or null
 */
export async function checkChain(
  { before, head, decisions }: DecisionExcerpt,
  noted: string | null,
): Promise<CheckedChain> {
  let { position, hash } = before;
  let first: number | null = null;
  let headAt = isSameLink(hash, noted) ? position : null;
  const result = (fault: ChainFault | null): CheckedChain => {
    return { first, last: first === null ? null : position, hash, headAt, fault };
  };
  for await (const one of decisions) {
    if (one.position !== position + 1) return result({ kind: 'missing', position: position + 1 });
    const recomputed = rehashed(hash, one);
    if (!isSameLink(recomputed, one.hash)) return result({ kind: 'changed', position: one.position });
    first ??= one.position;
    ({ position, hash } = one);
    if (isSameLink(hash, noted)) headAt = position;
  }
  if (position !== head.position || !isSameLink(hash, head.hash))
    return result({ kind: 'cut', position: position + 1 });
  return result(noted !== null && headAt === null ? { kind: 'head-not-found', position: null } : null);
}

function rehashed(previousHash: string, { record, hash: _, ...place }: StoredDecision): string {
  return hashOf(previousHash, place, record);
}
