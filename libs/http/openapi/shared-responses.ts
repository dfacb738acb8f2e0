import { isJson, type Json } from './json.js';

/** Areas of codes that are left out of names: they belong to no feature. */
const GENERAL = new Set(['REQUEST', 'INTERNAL']);

/** `AUTH.UNAUTHENTICATED` and `REQUEST.INVALID` as `AuthUnauthenticated-Invalid`. */
function nameOf(codes: readonly string[]): string {
  const pascal = (word: string): string => word.charAt(0) + word.slice(1).toLowerCase();
  return codes
    .map((code) => code.split('.'))
    .map((parts) => parts.filter((part) => !GENERAL.has(part)).flatMap((part) => part.split('_')))
    .map((words) => words.map(pascal).join(''))
    .join('-');
}

/**
 * Shares problem responses: one that several operations have becomes a component, named by its codes.
 *
 * @param responses of all operations, by status; a shared one is replaced by a reference
 * @returns the components
 */
export function shareProblemResponses(responses: readonly Json[]): Json {
  const entries = responses.flatMap((ofOne) =>
    Object.entries(ofOne).flatMap(([status, response]) =>
      isJson(response) && Array.isArray(response['x-codes'])
        ? [{ ofOne, status, response, text: JSON.stringify(response) }]
        : [],
    ),
  );
  const counts = new Map<string, number>();
  for (const { text } of entries) counts.set(text, (counts.get(text) ?? 0) + 1);
  const components: Json = {};
  for (const { ofOne, status, response, text } of entries) {
    if ((counts.get(text) ?? 0) < 2) continue;
    const name = nameOf(response['x-codes'] as readonly string[]);
    components[name] = response;
    ofOne[status] = { $ref: `#/components/responses/${name}` };
  }
  return Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1)));
}
