/** A JSON object of which nothing is known. */
export type Json = Record<string, unknown>;

/** Whether a value is a JSON object: no array, no null. */
export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects among a list's items; nothing where there is no list. */
export const objectsIn = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isJson) : []);
