/** A value as JSON has it. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [field: string]: Json };

type Fields = Readonly<Record<string, Json>>;

/** A list as changes of an older one: rows that are copied from it, as the first position and a count, and rows of their own. */
export type RowChanges = readonly (readonly [from: number, count: number] | readonly [row: Json])[];

/** How far a row is searched for in the older list, from behind the last row that was found. Rows seldom change their order. */
const LOOK_AHEAD = 64;

/** Describes a list by its differences from an older one. */
export function rowChanges(before: readonly Json[], after: readonly Json[]): RowChanges {
  const changes: ([number, number] | [Json])[] = [];
  let next = 0;
  for (const row of after) {
    const found = positionOf(row, before, next);
    const last = changes.at(-1);
    if (found === -1) changes.push([row]);
    else if (last?.length === 2 && last[0] + last[1] === found) last[1]++;
    else changes.push([found, 1]);
    if (found !== -1) next = found + 1;
  }
  return changes;
}

/** The list that changes of an older one describe. */
export function changedRows(before: readonly Json[], changes: RowChanges): readonly Json[] {
  return changes.flatMap((change) =>
    change.length === 2 ? before.slice(change[0], change[0] + change[1]) : [change[0]],
  );
}

/** Whether two values are the same in JSON, where a missing field is an undefined one. */
export function isSame(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [one, other] = [a, b] as readonly Readonly<Record<string, Json>>[] as readonly [Fields, Fields];
  for (const field in one) if (!isSame(one[field], other[field])) return false;
  for (const field in other) if (other[field] !== undefined && one[field] === undefined) return false;
  return true;
}

function positionOf(row: Json, before: readonly Json[], from: number): number {
  const end = Math.min(before.length, from + LOOK_AHEAD);
  for (let at = from; at < end; at++) if (isSame(before[at], row)) return at;
  return -1;
}
