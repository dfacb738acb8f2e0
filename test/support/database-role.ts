import { newId } from '#kernel';

import { withClient } from './database.js';

/** A role that owns nothing. */
export interface Role {
  /** The database for this role. */
  readonly url: string;
  drop(): Promise<void>;
}

/** Makes a role that may sign in to a database. */
export async function roleOf(databaseUrl: string, name: string): Promise<Role> {
  const password = newId();
  const url = new URL(databaseUrl);
  await withClient(databaseUrl, (client) => client.query(`create role ${name} login password '${password}'`));
  const admin = new URL(databaseUrl);
  admin.pathname = '/postgres';
  url.username = name;
  url.password = password;
  return {
    url: url.toString(),
    drop: () =>
      withClient(admin.toString(), async (client) => {
        await client.query(`drop role ${name}`);
      }),
  };
}
