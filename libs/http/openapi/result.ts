import type { DtoClass } from '../fields/rule.js';
import { isPage } from '../paging/page.js';

/** The words of a name in camelCase, in lower case. */
const wordsOf = (name: string): string => name.replace(/(?<=.)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();

/** The parts of a route's description that say what its success means. */
export interface SuccessfulRoute {
  readonly id: string;
  readonly result?: string;
  readonly answer?: DtoClass;
}

/**
 * The sentence that says what a route's success means: its own, or for pages and new resources the one that follows from its id.. Where neither is
 * there it is an empty one, which a test of the whole document refuses.
 */
export function resultOf({ id, result, answer }: SuccessfulRoute): string {
  if (result !== undefined) return result;
  const [, verb, rest = ''] = /^([a-z]+)(\w*)$/.exec(id) ?? [];
  if (answer !== undefined && isPage(answer) && verb === 'list') {
    return `A page of ${wordsOf(rest)}; \`nextCursor\` leads to the next.`;
  }
  if (verb === 'create') return `The new ${wordsOf(rest)}.`;
  return 'Success.';
}
