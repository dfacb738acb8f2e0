import { ProblemError, type Role, Stowage } from '@stowage/sdk';

import { type Connection } from './connection.js';

/** A user of the demo, signed in for as long as the demo takes. */
export interface Person {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly api: Stowage;
}

/** What makes the users of one run different from those of any other. */
export interface Identity {
  readonly suffix: string;
  readonly password: string;
}

/** Registers a user, in an organization where there is an invite code to it. */
export async function register(
  connection: Connection,
  { suffix, password }: Identity,
  name: string,
  role: Role,
  inviteCode?: string,
): Promise<Person> {
  const account = { ...connection.options, username: `${name}-${suffix}`, password };
  const invited = inviteCode === undefined ? account : { ...account, inviteCode };
  const api = await connection.repeat(() =>
    // The user is there already when only the answer to an earlier try was lost.
    Stowage.register(invited).catch((error: unknown) => {
      if (hasStatus(error, 409)) return Stowage.signIn(account);
      throw error;
    }),
  );
  const { id, username } = await api.getMe();
  return { id, username, role, api };
}

export function hasStatus(error: unknown, status: number): error is ProblemError {
  return error instanceof ProblemError && error.status === status;
}
