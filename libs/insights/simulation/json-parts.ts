/**
 * A long list on its way between the event loop and a planner thread: JSON of a few entries each. Objects would be copied all at once, which
 * takes tens of milliseconds; texts take none, and are written and read part by part.
 */
export type JsonParts = readonly string[];

const ENTRIES = 50;

/** A list in pieces of a few entries. */
export function piecesOf<Entry>(list: readonly Entry[]): (readonly Entry[])[] {
  const pieces: (readonly Entry[])[] = [];
  for (let from = 0; from < list.length; from += ENTRIES) pieces.push(list.slice(from, from + ENTRIES));
  return pieces;
}

/** The parts of a list. */
export function partsOf(list: readonly unknown[]): JsonParts {
  return piecesOf(list).map((piece) => JSON.stringify(piece));
}

/** The list of parts. */
export function listOf(parts: JsonParts): unknown[] {
  return parts.flatMap((part) => JSON.parse(part) as unknown[]);
}
