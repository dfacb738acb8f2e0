/** A JSON object of unknown content. */
export type Json = Record<string, unknown>;

/** Whether a value is a JSON object, not an array or null. */
export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects among a list's items; empty when the value is not a list. */
export const objectsIn = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isJson) : []);
