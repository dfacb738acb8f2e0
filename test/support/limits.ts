import { withClient } from './database.js';
import { aPerson, type Team } from './people.js';
import { type Stowage } from './stowage.js';

/** Sets limits of organizations, as an operator. */
export interface Limited {
  set(team: Team, limits: Readonly<Record<string, number | null>>): Promise<void>;
}

/** An operator of an installation that sets limits. */
export async function limitsOf(stowage: Stowage): Promise<Limited> {
  const operator = await aPerson(stowage.client, 'operator');
  await withClient(stowage.database.url, (client) =>
    client.query('update users set is_operator = true where id = $1', [operator.id]),
  );
  return {
    set: async ({ organizationId }, limits) => {
      const { status, text } = await operator.patch(`/v1/admin/organizations/${organizationId}`, { limits });
      if (status !== 200) throw new Error(`setting limits was answered by ${status}: ${text}`);
    },
  };
}
