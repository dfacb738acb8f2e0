import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { freePort } from '../support/free-port.js';
import { ServedProcess } from '../support/served-process.js';
import { testEnvironment } from '../support/settings.js';

const CONNECTIONS = 200;
const ADDRESSES = 25_000;
const OWNERS = 20;
const ATTACK_MS = 10_000;
const PASSWORD = 'plum wagon orbit 42';

/** The status of a sign-in, and how long it took. */
interface Outcome {
  readonly status: number;
  readonly ms: number;
}

const ownerName = (number: number): string => `owner-${number}`;
const ownerAddress = (number: number): string => `203.0.113.${number + 1}`;
/** One of the attacker's addresses, in about a hundred networks. */
const attackerAddress = (number: number): string => `10.0.${Math.floor(number / 250) % 100}.${(number % 250) + 1}`;

describe('a flood of wrong sign-ins from 25,000 addresses on 200 connections', () => {
  let database: TestDatabase;
  let api: ServedProcess;
  const attack = { isOver: false, counts: new Map<number, number>() };
  const correct: Outcome[] = [];

  const post = (path: string, body: object, from: string, agent?: Agent): Promise<Outcome> =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      const headers = { 'content-type': 'application/json', 'x-forwarded-for': from };
      const call = request(`${api.url}${path}`, { method: 'POST', headers, ...(agent && { agent }) }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, ms: performance.now() - began }));
      });
      call.on('error', reject);
      call.end(JSON.stringify(body));
    });

  const signIn = (username: string, password: string, from: string, agent?: Agent): Promise<Outcome> =>
    post('/v1/auth/login', { username, password }, from, agent);

  /** One connection of the attacker: guesses passwords of the owners and of unknown names, each time from another address. */
  const guess = async (agent: Agent, connection: number): Promise<void> => {
    for (let i = connection; !attack.isOver; i += CONNECTIONS) {
      const name = i % 2 === 0 ? ownerName(i % OWNERS) : `unknown-${i % 977}`;
      const { status } = await signIn(name, 'not the password 1', attackerAddress(i % ADDRESSES), agent);
      attack.counts.set(status, (attack.counts.get(status) ?? 0) + 1);
    }
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    const environment = testEnvironment(database.processUrl, {
      STOWAGE_TRUST_PROXY: '1',
      STOWAGE_ARGON2_CONCURRENCY: '1',
      STOWAGE_LOG_LEVEL: 'info',
    });
    api = new ServedProcess('api', environment, await freePort());
    await api.start();
    for (let i = 0; i < OWNERS; i++) {
      await post('/v1/auth/register', { username: ownerName(i), password: PASSWORD }, ownerAddress(i));
    }
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const guesses = Array.from({ length: CONNECTIONS }, (_, connection) => guess(agent, connection));
    await sleep(1_000);
    const signIns: Promise<unknown>[] = [];
    for (let began = Date.now(), i = 0; Date.now() - began < ATTACK_MS; i++) {
      const owner = i % OWNERS;
      signIns.push(signIn(ownerName(owner), PASSWORD, ownerAddress(owner)).then((outcome) => correct.push(outcome)));
      await sleep(200);
    }
    await Promise.all(signIns);
    attack.isOver = true;
    await Promise.all(guesses);
    agent.destroy();
  }, 120_000);

  afterAll(async () => {
    await api.stop();
    await database.drop();
  });

  it('serves at least 95 of 100 correct sign-ins from known addresses within two seconds', () => {
    const inTime = correct.filter(({ status, ms }) => status === 200 && ms <= 2_000);
    const slowest = Math.round(Math.max(...correct.map(({ ms }) => ms)));
    process.stderr.write(
      `${inTime.length} of ${correct.length} in time, slowest ${slowest} ms, attack ${JSON.stringify([...attack.counts])}\n`,
    );
    expect(correct.length).toBeGreaterThan(20);
    expect(inTime.length / correct.length).toBeGreaterThanOrEqual(0.95);
  });

  it('answers or refuses the attacker, and logs no refusal as an error', () => {
    const statuses = [...attack.counts.keys()];
    expect(statuses).toContain(401);
    expect(statuses.filter((status) => ![401, 429, 503].includes(status))).toEqual([]);
    const errors = api.log.split('\n').filter((line) => line.includes('"level":"error"'));
    expect(errors.slice(0, 3)).toEqual([]);
  });

  it('lets the owner of an attacked account sign in from a new network', async () => {
    const { status } = await signIn(ownerName(0), PASSWORD, '198.51.100.7');
    expect(status).toBe(200);
  });

  it('counts refusals by standing', async () => {
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    expect(metrics).toMatch(/stowage_password_turns_total\{[^}]*standing="known"[^}]*outcome="started"[^}]*\} \d+/);
    expect(metrics).toContain('stowage_password_waiting{standing="stranger"} 0');
    expect(metrics).not.toMatch(/standing="known",outcome="refused"/);
  });
});
