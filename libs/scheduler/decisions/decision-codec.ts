import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

import { type Plan, type Snapshot } from '#packing';

import { DICTIONARY } from './dictionary.js';
import { changedRows, isSame, type Json, type RowChanges, rowChanges } from './row-changes.js';

/** What the planner of a pass was given, and what it answered. */
export interface Decision {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
}

type Fields = Readonly<Record<string, Json>>;

/** The stored form. Beside an older snapshot: the fields that differ from it, its lists as changes, and the names of fields that are gone. */
type Stored =
  | { readonly snapshot: Fields; readonly plan: Json }
  | {
      readonly changed: Fields;
      readonly lists: Readonly<Record<string, RowChanges>>;
      readonly gone: readonly string[];
      readonly plan: Json;
    };

/** Faster than the default, and no larger for what is stored here. */
const PARAMS = { [constants.ZSTD_c_compressionLevel]: 1 };

/**
 * Encodes a decision, whatever fields a snapshot has.
 *
 * @param before the snapshot of the decision before, which a reader has read; null encodes the whole
 */
export function encodeDecision({ snapshot, plan }: Decision, before: Snapshot | null): Uint8Array {
  const stored = before === null ? { snapshot, plan } : { ...changesOf(toFields(before), toFields(snapshot)), plan };
  return zstdCompressSync(JSON.stringify(stored), { params: PARAMS, dictionary: DICTIONARY });
}

/** Decodes what `encodeDecision` has encoded beside the same snapshot. @throws Error when the bytes are none, or need a snapshot before */
export function decodeDecision(bytes: Uint8Array, before: Snapshot | null): Decision {
  const stored = JSON.parse(zstdDecompressSync(bytes, { dictionary: DICTIONARY }).toString('utf8')) as Stored;
  const plan = stored.plan as unknown as Plan;
  if ('snapshot' in stored) return { snapshot: stored.snapshot as unknown as Snapshot, plan };
  if (before === null) throw new Error('the decision is stored as changes, and the decision before is missing');
  return { snapshot: withChanges(toFields(before), stored) as unknown as Snapshot, plan };
}

function changesOf(before: Fields, after: Fields): Omit<Extract<Stored, { changed: Fields }>, 'plan'> {
  const changed: Record<string, Json> = {};
  const lists: Record<string, RowChanges> = {};
  for (const [name, value] of Object.entries(after)) {
    const old = before[name];
    if (Array.isArray(old) && Array.isArray(value)) lists[name] = rowChanges(old, value);
    else if (!isSame(old, value)) changed[name] = value;
  }
  return { changed, lists, gone: Object.keys(before).filter((name) => after[name] === undefined) };
}

function withChanges(before: Fields, { changed, lists, gone }: Extract<Stored, { changed: Fields }>): Fields {
  const kept = Object.entries(before).filter(([name]) => !gone.includes(name));
  const rows = Object.entries(lists).map(([name, changes]) => [name, changedRows(before[name] as Json[], changes)]);
  return { ...Object.fromEntries(kept), ...changed, ...Object.fromEntries(rows) } as Fields;
}

function toFields(snapshot: Snapshot): Fields {
  return snapshot as unknown as Fields;
}
