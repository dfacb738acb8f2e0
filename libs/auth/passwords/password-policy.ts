import { passwordRefused, type PasswordRule } from '../auth.errors.js';
import { isCommonPassword } from './common-passwords.js';
import { plainFormOf } from './look-alikes.js';

/** The longest password, in characters (Unicode code points) as they were typed. */
export const PASSWORD_MAX_LENGTH = 128;

/** The longest text that is tried as a password at sign-in: the longest password in its longest equivalent form. */
export const PASSWORD_INPUT_MAX_LENGTH = 2048;

const PRODUCT_NAME = 'stowage';

/** Names that must not be part of a password. */
export interface PasswordOwner {
  readonly username: string;
  readonly email?: string | null;
}

/** What a password breaks, and in words that follow "the password". */
export interface BrokenRule {
  readonly rule: PasswordRule;
  readonly message: string;
}

/** The form in which a password is hashed: NFKC, so that every way to type the same characters is the same password. */
export function normalizePassword(typed: string): string {
  return typed.normalize('NFKC');
}

/**
 * The first rule that a new password breaks, or undefined when it is acceptable.
 *
 * Length counts code points as typed, nothing is cut off, and no mixture of kinds of characters is asked for.
 */
export function brokenPasswordRule(typed: string, owner: PasswordOwner, minLength: number): BrokenRule | undefined {
  if (!typed.isWellFormed() || typed.includes('\0')) return { rule: 'not-text', message: 'is not valid text' };
  const length = [...typed].length;
  if (length < minLength) return { rule: 'too-short', message: `must have at least ${minLength} characters` };
  if (length > PASSWORD_MAX_LENGTH) {
    return { rule: 'too-long', message: `must have at most ${PASSWORD_MAX_LENGTH} characters` };
  }
  const password = normalizePassword(typed);
  const plain = plainFormOf(password);
  if (namesOf(owner).some((name) => plain.includes(name))) {
    return {
      rule: 'contains-name',
      message: 'must not contain the username, the e-mail address or the name of this product',
    };
  }
  if (isCommonPassword(password)) return { rule: 'too-common', message: 'is one of the most common passwords' };
  return undefined;
}

/** @param pointer where in the body the password stands. @throws DomainError AUTH.PASSWORD_REFUSED */
export function assertAcceptablePassword(
  typed: string,
  owner: PasswordOwner,
  minLength: number,
  pointer: string,
): void {
  const broken = brokenPasswordRule(typed, owner, minLength);
  if (broken !== undefined) throw passwordRefused(broken.rule, broken.message, pointer);
}

function namesOf(owner: PasswordOwner): string[] {
  const localPart = owner.email?.split('@')[0];
  return [owner.username, localPart, PRODUCT_NAME]
    .filter((name) => name !== undefined && name.length >= 3)
    .map((name) => String(name).toLowerCase());
}
