import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { StorageWatch } from '#operations';

import { isFiring } from '../support/alerts.js';
import { withClient } from '../support/database.js';
import {
  aWorld,
  documentedOperations,
  type DocumentedOperation,
  OPERATIONS,
  pathOf,
  type World,
} from '../support/operations.js';

const LIMIT = 128 * 1024 * 1024;

/** Routes that store something new and do not answer 201. */
const ALSO_NEW = ['joinOrganization', 'updateOrganization', 'updateCluster', 'grantClusterAccess', 'updateDeployment'];

/** By a code for a new password a user that has lost the old one signs in. */
const GOES_ON = ['createResetCode'];

describe('a full storage', () => {
  let world: World;
  let operations: DocumentedOperation[];

  beforeAll(async () => {
    world = await aWorld({ STOWAGE_DATABASE_BYTES: String(LIMIT) });
    operations = (await documentedOperations(world.stowage.client.url)).filter(({ method }) => method !== 'GET');
  });

  afterAll(async () => {
    await world.stowage.stop();
  });

  const measure = (): Promise<void> => world.stowage.api.get(StorageWatch).measure();

  const sql = (text: string): Promise<unknown> =>
    withClient(world.stowage.database.url, (client) => client.query(text));

  const fill = async (): Promise<void> => {
    await sql(`create table filling as select repeat(md5(n::text), 30) as text from generate_series(1, 110000) n`);
    await measure();
  };

  const free = async (): Promise<void> => {
    await sql('drop table if exists filling');
    await measure();
  };

  const isNewWork = async (operation: DocumentedOperation): Promise<boolean> =>
    ALSO_NEW.includes(operation.id) || ((await isCreating(operation)) && !GOES_ON.includes(operation.id));

  const isCreating = async ({ template, method }: DocumentedOperation): Promise<boolean> => {
    const document = (await (await fetch(`${world.stowage.client.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { responses: object }>>;
    };
    return '201' in (document.paths[template]?.[method.toLowerCase()]?.responses ?? {});
  };

  it('refuses every route that stores something new, and serves all others', async () => {
    // Paths and bodies are made while there is room.
    const asked = await Promise.all(
      operations.map(async (operation) => {
        const { needs, body, success } = OPERATIONS[operation.id] ?? { needs: 'public', success: 0 };
        const by = needs === 'operator' ? world.operator : world.team.admin;
        return { operation, success, by, path: await pathOf(world, operation), body: body?.(world) };
      }),
    );
    await fill();
    const refused: string[] = [];
    const expected: string[] = [];
    for (const { operation, by, path, body } of asked) {
      if (await isNewWork(operation)) expected.push(operation.id);
      // Ending it would end the others, too.
      if (operation.id === 'deleteOrganization' || operation.id === 'endOtherSessions') continue;
      const answer = await world.stowage.client.send<{ code?: string } | undefined>(operation.method, path, {
        token: by.token,
        body,
      });
      if (answer.status === 507) refused.push(operation.id);
      else expect({ id: operation.id, code: answer.body?.code }).not.toMatchObject({ code: 'STORAGE.FULL' });
    }
    expect(refused.sort()).toEqual(expected.sort());
    expect(expected).toEqual(
      expect.arrayContaining([
        'registerUser',
        'submitDeployment',
        'submitDeployments',
        'submitDeploymentLines',
        'createCluster',
      ]),
    );
    await free();
  });

  it('lets members cancel, end work, sign in and read', async () => {
    const { cluster, team, stowage } = world;
    const [running, waiting] = [await cluster.submit(), await cluster.submit({ resources: { cpu: 0, memoryMib: 1 } })];
    await fill();
    const { username, password } = team.developer;
    expect((await stowage.client.post('/v1/auth/login', { body: { username, password } })).status).toBe(200);
    expect((await cluster.cancel(waiting)).status).toBe(200);
    expect((await team.viewer.get(`${team.path}/deployments/${running}`)).status).toBe(200);
    expect((await team.admin.post(`${team.path}/deployments/${running}/cancel`)).status).toBe(200);
    await free();
  });

  it('shows the full storage in readiness, metrics and alerts, and then the room', async () => {
    const { client } = world.stowage;
    await fill();
    expect(await client.get('/health/ready')).toMatchObject({
      status: 200,
      body: { status: 'degraded', checks: { storage: 'full' } },
    });
    const full = (await client.get('/metrics')).text;
    expect(['StowageStorageFull', 'StowageStorageLow'].map((name) => isFiring(name, full))).toEqual([true, true]);
    await free();
    expect(await client.get('/health/ready')).toMatchObject({ body: { checks: { storage: 'free' } } });
    const after = (await client.get('/metrics')).text;
    expect(['StowageStorageFull', 'StowageStorageLow'].map((name) => isFiring(name, after))).toEqual([false, false]);
    expect((await client.get('/metrics')).text).toMatch(/stowage_database_bytes [1-9]/);
  });
});
