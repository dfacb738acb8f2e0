import { RequestErrors } from '../problems/request.errors.js';
import { entityTagOf } from './entity-tag.js';

/** One tag of a list: a weak or strong entity tag, up to the comma or the end (RFC 9110, section 8.8.3). */
const TAG = /^[ \t]*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?:,|$)/;

/** The most tags that one header may list. */
const MAX_TAGS = 100;

/**
 * The versions that an edit expects, by its `If-Match`: one of the listed versions; any version for `*` or without the header.
 *
 * Immutable. Tags are compared strongly (RFC 9110, section 13.1.1): a weak one matches nothing.
 */
export class ExpectedVersions {
  /** No expectation. */
  static readonly ANY = new ExpectedVersions(undefined);

  private constructor(private readonly tags: ReadonlySet<string> | undefined) {}

  /**
   * @param header the value of `If-Match`, undefined when it was not sent
   * @throws DomainError `REQUEST.INVALID` when it is neither `*` nor a list of entity tags
   */
  static parse(header: string | undefined): ExpectedVersions {
    if (header === undefined || header.trim() === '*') return ExpectedVersions.ANY;
    const tags = new Set<string>();
    let rest = header;
    for (let count = 0; ; count++) {
      const match = count < MAX_TAGS ? TAG.exec(rest) : null;
      if (match === null) throw malformed();
      const [whole, weak, tag = ''] = match;
      if (weak === undefined) tags.add(`"${tag}"`);
      rest = rest.slice(whole.length);
      if (rest === '' && !whole.endsWith(',')) return new ExpectedVersions(tags);
    }
  }

  /**
   * Refuses an edit of a version that is not expected. Call it with the row locked.
   *
   * @throws DomainError `REQUEST.PRECONDITION_FAILED` with the current tag as `etag`
   */
  assertIncludes(version: number): void {
    const etag = entityTagOf(version);
    if (this.tags !== undefined && !this.tags.has(etag)) {
      throw RequestErrors.PRECONDITION_FAILED.because(undefined, { etag });
    }
  }
}

function malformed(): Error {
  return RequestErrors.INVALID.because('If-Match must be * or a list of entity tags in quotes.', {}, [
    { pointer: 'If-Match', code: 'invalid-entity-tag', message: 'must be * or a list of entity tags in quotes' },
  ]);
}
