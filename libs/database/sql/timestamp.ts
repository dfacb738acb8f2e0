import { p, raw, Type } from '@mikro-orm/core';

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

/**
 * The database's time, for a property of an entity that is flushed next. `refresh` the entity before reading the property.
 *
 * @param secondsFromNow counted from the beginning of the transaction, as defaults are
 */
export function databaseTime(secondsFromNow = 0): string {
  return raw<string>(`now() + ? * interval '1 second'`, [secondsFromNow]);
}
