import { defineErrors } from '#http';
import { type DomainError, type Role } from '#kernel';

/** The refusals of this lib. */
export const AuthErrors = defineErrors('AUTH', {
  UNAUTHENTICATED: {
    kind: 'unauthenticated',
    title: 'Not signed in',
    detail: 'Sign in, and send the access token as a bearer token.',
    explanation:
      'The request carries no credential, or one that is not (or no longer) valid: malformed, expired, of a session that ended, of a user who was disabled. The answer does not say which. Sign in, or refresh, and send the access token as `Authorization: Bearer`.',
  },
  INVALID_CREDENTIALS: {
    kind: 'unauthenticated',
    title: 'Wrong username or password',
    explanation: 'The answer is the same for an unknown user, a wrong password and a disabled account.',
  },
  CURRENT_PASSWORD_WRONG: {
    kind: 'forbidden',
    title: 'Present password is wrong',
    explanation: 'The route requires the present password in addition to the session, and the one sent is wrong.',
  },
  REFRESH_TOKEN_INVALID: {
    kind: 'unauthenticated',
    title: 'Session has ended',
    explanation: 'The refresh token is unknown, or its session ended or expired. Sign in again.',
  },
  REFRESH_TOKEN_REUSED: {
    kind: 'unauthenticated',
    title: 'Refresh token was used before',
    explanation:
      'A refresh token works once. A second use means that two parties have it, so the session was ended for both. Sign in again.',
  },
  RESET_CODE_INVALID: {
    kind: 'unauthenticated',
    title: 'Reset code is not valid',
    explanation:
      'The answer is the same for an unknown user, a wrong code, a used one and an expired one. Ask an operator for a new code.',
  },
  USERNAME_TAKEN: {
    kind: 'conflict',
    title: 'Username is taken',
    explanation: 'Usernames are unique without regard to case. Choose another one.',
  },
  USERNAME_INVALID: {
    kind: 'invalid',
    title: 'Username is not acceptable',
    explanation: 'A username has 3 to 32 letters a-z, digits, dots, dashes and underscores.',
  },
  PASSWORD_REFUSED: {
    kind: 'invalid',
    title: 'Password is not acceptable',
    explanation:
      'The rule is in `errors`: too-short, too-long (lengths count characters), too-common (a packaged list of the most used passwords), or contains-name (the username, the e-mail address or the name of this product).',
  },
  BUSY: {
    kind: 'unavailable',
    title: 'Sign-in is busy',
    explanation:
      'Checking a password is expensive, and many requests are waiting. Requests from addresses at which the account signed in before go first. Try again after the seconds of Retry-After.',
  },
  TOO_MANY_ATTEMPTS: {
    kind: 'too-many',
    title: 'Too many attempts',
    explanation:
      'After ten failures, each further attempt on an account from the same address must wait, twice as long each time and five minutes at most. The wait is temporary. Other addresses are not affected, except that after 100 failures in an hour at addresses that are new to the account, each network that is new to it has three attempts a day.',
  },
  SESSION_NOT_FOUND: {
    kind: 'not-found',
    title: 'No such session',
    explanation: 'You have no session with this id.',
  },
  TOKEN_NOT_FOUND: {
    kind: 'not-found',
    title: 'No such token',
    explanation: 'There is no API token with this id, or you may not see it.',
  },
  USER_NOT_FOUND: { kind: 'not-found', title: 'No such user', explanation: 'There is no user with this id or name.' },
  SERVICE_ACCOUNT_NOT_FOUND: {
    kind: 'not-found',
    title: 'No such service account',
    explanation: 'The organization has no service account with this id.',
  },
  SERVICE_ACCOUNT_NAME_TAKEN: {
    kind: 'conflict',
    title: 'Name is taken',
    explanation: 'Names of service accounts are unique within an organization, without regard to case.',
  },
  TOKEN_LIMIT_REACHED: {
    kind: 'conflict',
    title: 'Too many tokens',
    explanation: 'The number of API tokens is at its limit, given in `limit`. Delete one first.',
  },
  ORGANIZATION_TOKEN_LIMIT_REACHED: {
    kind: 'conflict',
    title: 'Too many tokens in the organization',
    explanation:
      'The API tokens of all members and service accounts together are at the limit of the organization, given in `limit`.',
  },
  SERVICE_ACCOUNT_LIMIT_REACHED: {
    kind: 'conflict',
    title: 'Too many service accounts',
    explanation:
      'The number of service accounts of the organization is at its limit, given in `limit`. Delete one first.',
  },
  TOKEN_ROLE_TOO_HIGH: {
    kind: 'forbidden',
    title: 'Role is too high',
    explanation: 'An API token or a service account cannot have a higher role than yours, given in `role`.',
  },
  CANNOT_DISABLE_SELF: {
    kind: 'conflict',
    title: 'Own account',
    explanation: 'Operators cannot disable the account that they are signed in with.',
  },
});

/** The one refusal for any fault of a credential. */
export const unauthenticated = (): DomainError => AuthErrors.UNAUTHENTICATED.because();

/** The rule that a password breaks. */
export type PasswordRule = 'too-short' | 'too-long' | 'too-common' | 'contains-name' | 'not-text';

/** @param pointer the place of the password in the body */
export function passwordRefused(rule: PasswordRule, message: string, pointer: string): DomainError {
  return AuthErrors.PASSWORD_REFUSED.because(`The password ${message}.`, {}, [{ pointer, code: rule, message }]);
}

export function tooManyAttempts(retryAfterSeconds: number): DomainError {
  return AuthErrors.TOO_MANY_ATTEMPTS.because('Too many attempts: try again later.', { retryAfterSeconds });
}

export function nameTaken(error: 'USERNAME_TAKEN' | 'SERVICE_ACCOUNT_NAME_TAKEN', pointer: string): DomainError {
  return AuthErrors[error].because(undefined, {}, [{ pointer, code: 'taken', message: 'is taken' }]);
}

export function tokenRoleTooHigh(role: Role | null): DomainError {
  return AuthErrors.TOKEN_ROLE_TOO_HIGH.because('A token cannot have a higher role than its owner.', { role });
}
