import { p, Type } from '@mikro-orm/core';

/**
 * Writes a timestamp of PostgreSQL (ISO style, session in UTC) in RFC 3339, with all the digits that were stored.
 *
 * @throws RangeError for a text of another form, because a session in another zone would silently shift every time
 */
export function rfc3339(timestamp: string): string;
export function rfc3339(timestamp: string | null): string | null;
export function rfc3339(timestamp: string | null): string | null {
  if (timestamp === null) return null;
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)\+00$/.exec(timestamp);
  if (match === null) throw new RangeError(`not a timestamp in UTC: ${timestamp}`);
  return `${match[1] ?? ''}T${match[2] ?? ''}Z`;
}

/** A `timestamptz` as RFC 3339 text in UTC: a `Date` would lose the microseconds, by which lists are paged. */
class TimestampType extends Type<string, string> {
  override convertToJSValue(value: string): string {
    return value.endsWith('Z') ? value : rfc3339(value);
  }

  override getColumnType(): string {
    return 'timestamptz';
  }

  override compareAsType(): string {
    return 'string';
  }
}

/** A property of type `timestamptz`, read and written as RFC 3339 text. */
export const timestamptz = p.type(TimestampType);
