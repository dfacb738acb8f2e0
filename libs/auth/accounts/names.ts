import { domainToASCII } from 'node:url';

/** Usernames: ASCII only, so that no two of them can look alike. */
export const USERNAME_PATTERN = /^[A-Za-z0-9._-]{3,32}$/;

/** The longest e-mail address (RFC 5321, section 4.5.3.1.3). */
export const EMAIL_MAX_LENGTH = 254;

const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

/** What makes two usernames the same. */
export function usernameKey(username: string): string {
  return username.toLowerCase();
}

/**
 * An e-mail address in the form in which it is kept: local part as given, domain in lower-case ASCII (internationalized ones as punycode).
 * Undefined for what is none.
 */
export function canonicalEmail(typed: string): string | undefined {
  if (typed.length > EMAIL_MAX_LENGTH) return undefined;
  const at = typed.lastIndexOf('@');
  const localPart = typed.slice(0, at);
  const domain = domainToASCII(typed.slice(at + 1));
  if (at < 1 || localPart.length > 64 || !LOCAL_PART.test(localPart) || !DOMAIN.test(domain)) return undefined;
  return `${localPart}@${domain}`;
}

/** What makes two e-mail addresses the same. @param email in canonical form */
export function emailKey(email: string): string {
  return email.toLowerCase();
}

/** Which account is meant. */
export type LoginKey = { readonly username: string } | { readonly email: string };

/** What a person signs in with: a username, or an e-mail address; usernames have no `@`. */
export function loginKeyOf(login: string): LoginKey {
  if (!login.includes('@')) return { username: usernameKey(login) };
  return { email: emailKey(canonicalEmail(login) ?? login) };
}
