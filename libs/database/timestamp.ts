/**
 * A timestamp as PostgreSQL writes it (ISO style, session in UTC), in RFC 3339, with all the digits that were stored.
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
