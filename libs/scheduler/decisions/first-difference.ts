/** Where two values first differ: a JSON pointer, and what is there in each. */
export interface Difference {
  readonly pointer: string;
  readonly recorded: unknown;
  readonly planned: unknown;
}

/** The first difference between two values as JSON has them, in the order of the first one's fields; null where they are the same. */
export function firstDifference(recorded: unknown, planned: unknown, pointer = ''): Difference | null {
  if (recorded === planned) return null;
  if (!isObject(recorded) || !isObject(planned) || Array.isArray(recorded) !== Array.isArray(planned)) {
    return { pointer, recorded, planned };
  }
  for (const field of new Set([...Object.keys(recorded), ...Object.keys(planned)])) {
    const found = firstDifference(recorded[field], planned[field], `${pointer}/${field}`);
    if (found !== null) return found;
  }
  return null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
