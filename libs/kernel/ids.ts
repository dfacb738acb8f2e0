import { v7 as uuidV7 } from 'uuid';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A new UUIDv7 in lower case: unique, and ordered by creation within one process. An id is not a secret. */
export function newId(): string {
  return uuidV7();
}

/** Whether the text is a UUID of any version, in either case (RFC 9562, section 4). */
export function isId(text: string): boolean {
  return UUID.test(text);
}
