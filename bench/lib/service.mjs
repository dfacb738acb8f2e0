// A service of its own for one benchmark: an empty database, and the project's programs as processes beside it.
import { randomBytes } from 'node:crypto';

import { Stowage } from '#sdk';

import { freePort, pause, run, stop, withDatabase } from './database.mjs';

async function untilReady(port) {
  for (let i = 0; i < 300; i++) {
    await pause(100);
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
    if (answer?.ok) return;
  }
  throw new Error('the API did not become ready');
}

/**
 * Runs an API process and a worker on a database of their own, and stops and drops them in the end.
 *
 * @param work gets the API's port, a connected client of the database, and the process id of the API
 * @param settings of both, where they are not to have the wide limits of a benchmark
 */
export async function withService(name, work, settings) {
  const serve = async (env, client) => {
    const port = await freePort();
    const programs = ['api', 'worker'].map((program) =>
      run(`dist/apps/${program}/main.js`, { ...env, PORT: String(port) }),
    );
    try {
      await untilReady(port);
      await work(port, client, programs[0].pid);
    } finally {
      await Promise.all(programs.map(stop));
    }
  };
  await withDatabase(name, serve, settings);
}

/**
 * Registers a user with an organization.
 *
 * @returns its ids, name and password, a client of the SDK with an API token that outlives every benchmark, that token, one with an access
 *   token of 15 minutes, and that token
 */
export async function anOwner(port) {
  const baseUrl = `http://127.0.0.1:${port}`;
  const account = { username: `bench-${randomBytes(4).toString('hex')}`, password: randomBytes(12).toString('hex') };
  const { accessToken, user } = await new Stowage({ baseUrl }).registerUser({ body: account });
  const session = new Stowage({ baseUrl, token: accessToken });
  const { id: organization } = await session.createOrganization({ body: { name: 'Bench' } });
  const body = { name: 'bench', organizationId: organization, role: 'admin', expiresInSeconds: 86_400 };
  const { token } = await session.createToken({ body });
  return { api: new Stowage({ baseUrl, token }), account, session, token, accessToken, organization, user: user.id };
}

/** A cluster of an owner's organization. @returns its id, its path for the SDK, and its URL */
export async function aCluster({ api, organization }, port, body) {
  const { id } = await api.createCluster({ path: { organizationId: organization }, body });
  const path = { organizationId: organization, clusterId: id };
  return { id, path, url: `http://127.0.0.1:${port}/v1/organizations/${organization}/clusters/${id}` };
}
