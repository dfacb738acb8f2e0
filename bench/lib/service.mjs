// A service of its own for one benchmark: an empty database, and the project's programs as processes beside it.
import { randomBytes } from 'node:crypto';

import { call, freePort, pause, run, stop, withDatabase } from './database.mjs';

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
 * @param work gets the API's port and a connected client of the database
 */
export async function withService(name, work) {
  await withDatabase(name, async (env, client) => {
    const port = await freePort();
    const programs = ['api', 'worker'].map((program) =>
      run(`dist/apps/${program}/main.js`, { ...env, PORT: String(port) }),
    );
    try {
      await untilReady(port);
      await work(port, client);
    } finally {
      await Promise.all(programs.map(stop));
    }
  });
}

/** Somebody with an organization, an access token of 15 minutes, and an API token that outlives every benchmark. */
export async function anOwner(port) {
  const { accessToken, user } = await call(port, 'POST', '/auth/register', undefined, {
    username: `bench-${randomBytes(4).toString('hex')}`,
    password: randomBytes(12).toString('hex'),
  });
  const { id } = await call(port, 'POST', '/organizations', accessToken, { name: 'Bench' });
  const order = { name: 'bench', organizationId: id, role: 'admin', expiresInSeconds: 86_400 };
  const { token } = await call(port, 'POST', '/me/tokens', accessToken, order);
  return { token, accessToken, organization: id, user: user.id };
}

/** A cluster of an owner's organization. @returns its id and path */
export async function aCluster(port, { token, organization }, order) {
  const path = `/organizations/${organization}/clusters`;
  const { id } = await call(port, 'POST', path, token, order);
  return { id, path: `${path}/${id}` };
}
