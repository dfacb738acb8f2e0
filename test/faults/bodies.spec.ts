import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestCluster } from '../support/clusters.js';
import { freePort } from '../support/free-port.js';
import { sampleOf } from '../support/metrics.js';
import { aPerson, aTeam, type Team } from '../support/people.js';
import { ServedProcess } from '../support/served-process.js';
import { Stowage } from '../support/stowage.js';

const MIB = 1024 * 1024;

interface Sent {
  readonly request: ClientRequest;
  /** The status; undefined when the connection ended without an answer. */
  readonly status: Promise<number | undefined>;
  readonly headers: Promise<IncomingMessage['headers']>;
}

describe('bodies that attack the API', () => {
  let stowage: Stowage;
  let api: ServedProcess;
  let team: Team;
  let batch: string;
  let lines: string;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    team = await aTeam(stowage.client);
    const cluster = await TestCluster.create(team, { cpu: 100 });
    batch = `${team.path}/clusters/${cluster.id}/deployments/batch`;
    lines = `${team.path}/clusters/${cluster.id}/deployments/lines`;
    api = new ServedProcess('api', stowage.environment, await freePort());
    await api.start();
  }, 120_000);

  afterAll(async () => {
    await api.stop();
    await stowage.stop();
  });

  /** Sends the head of a POST, and its body where there is one. */
  const send = (path: string, bytes: number, options: { token?: string; type?: string; body?: Buffer } = {}): Sent => {
    const { token, type = 'application/json', body } = options;
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const headers = { 'content-type': type, 'content-length': bytes, ...authorization };
    const sent = request(`${api.url}${path}`, { method: 'POST', headers, agent: false });
    const answered = new Promise<IncomingMessage | undefined>((resolve) => {
      sent.on('response', (answer) => resolve(answer.resume())).on('error', () => resolve(undefined));
    });
    if (body === undefined) sent.flushHeaders();
    else sent.end(body);
    return {
      request: sent,
      status: answered.then((answer) => answer?.statusCode),
      headers: answered.then((answer) => answer?.headers ?? {}),
    };
  };

  const memory = async (): Promise<number> => {
    const text = await (await fetch(`${api.url}/metrics`)).text();
    return sampleOf(text, 'process_resident_memory_bytes') ?? 0;
  };

  it('answers anonymous requests before their bodies, and closes their connections', async () => {
    for (const [path, status] of [
      [batch, 401],
      ['/v1/auth/login', 413],
    ] as const) {
      const sent = send(path, 8 * MIB);
      expect(await sent.status).toBe(status);
      expect((await sent.headers).connection).toBe('close');
      sent.request.destroy();
    }
  });

  it('keeps no body of anonymous requests in memory', async () => {
    const before = await memory();
    const body = Buffer.alloc(8 * MIB, 'x');
    const all = Array.from({ length: 100 }, () => send(batch, body.length, { body }));
    const during = sleep(200).then(memory);
    const statuses = await Promise.all(all.map(({ status }) => status));
    expect(statuses.filter((status) => status !== undefined && status !== 401)).toEqual([]);
    expect(Math.max(await during, await memory())).toBeLessThan(before * 1.2 + 64 * MIB);
  });

  it('ends a body that does not arrive', async () => {
    const beganMs = performance.now();
    const sent = send('/v1/auth/login', 1_000);
    sent.request.write('{');
    expect(await sent.status).toBe(408);
    expect(performance.now() - beganMs).toBeLessThan(20_000);
    sent.request.destroy();
  }, 30_000);

  it('limits the big bodies that one account has in progress, and no other account', async () => {
    const { token } = team.developer;
    const open = Array.from({ length: 20 }, () => send(batch, MIB, { token }));
    await sleep(1_000);
    const further = send(batch, MIB, { token });
    expect(await further.status).toBe(429);
    expect(Number((await further.headers)['retry-after'])).toBeGreaterThan(0);
    expect(await send(batch, 2, { token, body: Buffer.from('{}') }).status).toBe(400);
    const other = await aPerson(stowage.client);
    const body = Buffer.alloc(MIB, ' ');
    expect(await send('/v1/plan', MIB, { token: other.token, body }).status).toBe(400);
    for (const sent of [...open, further]) sent.request.destroy();
    await sleep(1_000);
    expect(await send(batch, MIB, { token, body }).status).toBe(400);
  }, 30_000);

  it('answers small requests while plans, invalid batches and blank lines arrive in a loop', async () => {
    const { token } = team.developer;
    const resources = { cpu: 1, memoryMib: 1 };
    const now = '2026-01-01T00:00:00Z';
    const queue = Array.from({ length: 8_000 }, (_, id) => ({
      id: `${id}`,
      priority: id % 9,
      resources,
      queuedAt: now,
    }));
    const plan = Buffer.from(JSON.stringify({ capacity: { cpu: 9, memoryMib: 9 }, now, queue }));
    const item = { image: 5, resources: { cpu: 'x' }, priority: 1_000, unknown: 1 };
    const invalid = Buffer.from(JSON.stringify({ onError: 'continue', deployments: Array(10_000).fill(item) }));
    const blank = Buffer.alloc(2 * MIB, '\n');
    let isOn = true;
    const loop = async (path: string, body: Buffer, type?: string): Promise<void> => {
      while (isOn) await send(path, body.length, { token, body, ...(type === undefined ? {} : { type }) }).status;
    };
    const loops = [
      ...[1, 2].map(() => loop('/v1/plan', plan)),
      ...[1, 2].map(() => loop(batch, invalid)),
      loop(lines, blank, 'application/x-ndjson'),
    ];
    const timesMs: number[] = [];
    for (let i = 0; i < 100; i++) {
      const beganMs = performance.now();
      expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
      timesMs.push(performance.now() - beganMs);
      await sleep(20);
    }
    isOn = false;
    await Promise.all(loops);
    timesMs.sort((a, b) => a - b);
    // On a machine that is busy with other tests: a body that is processed at once takes a second or two.
    expect(timesMs[50]).toBeLessThan(150);
    expect(timesMs[90]).toBeLessThan(500);
  }, 120_000);

  it('ends lines that are blank with a problem', async () => {
    const { token } = team.developer;
    const body = Buffer.alloc(MIB, '\n');
    expect(await send(lines, MIB, { token, body, type: 'application/x-ndjson' }).status).toBe(400);
    const chunked = request(`${api.url}${lines}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${token}` },
    });
    chunked.on('error', () => undefined);
    for (let i = 0; i < 20; i++) chunked.write('\r\n'.repeat(100));
    const [answer] = (await once(chunked, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(400);
    chunked.destroy();
  });
});
