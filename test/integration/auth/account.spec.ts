import { createHash } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { AccessResolver, type Credential } from '#auth';

import { aTeam, type Person, type Team } from '../../support/people.js';
import { Stowage } from '../../support/stowage.js';

describe('the account of a principal', () => {
  let stowage: Stowage;
  let team: Team;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    team = await aTeam(stowage.client);
  });

  afterAll(() => stowage.stop());

  const accountOf = async (token: string): Promise<string | undefined> => {
    const credential: Credential = { kind: 'api-token', tokenHash: createHash('sha256').update(token).digest() };
    return (await stowage.api.get(AccessResolver).resolve(credential, team.organizationId))?.accountId;
  };
  const tokenBy = async (person: Person, path: string, body: object): Promise<string> =>
    (await person.post<{ token: string }>(path, body)).body.token;

  it('names the user of an API token', async () => {
    const { developer, organizationId } = team;
    const token = await tokenBy(developer, '/v1/me/tokens', { name: 'key', organizationId, role: 'viewer' });
    expect(await accountOf(token)).toBe(developer.id);
  });

  it('names the user that created the organization of a service account', async () => {
    const path = `${team.path}/service-accounts`;
    const { body } = await team.admin.post<{ id: string }>(path, { name: 'ci', role: 'developer' });
    expect(await accountOf(await tokenBy(team.admin, `${path}/${body.id}/tokens`, { name: 'key' }))).toBe(
      team.admin.id,
    );
  });
});
