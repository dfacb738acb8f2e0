// `node attacker.mjs NAME '{"port": ...}'`: one user's attack, in a process of its own, until SIGTERM. Prints how often each status was answered.
import { connect } from 'node:net';

import { pause } from '../lib/database.mjs';

const [name, json] = process.argv.slice(2);
const order = JSON.parse(json);
const { port, token } = order;
const base = `http://127.0.0.1:${port}/v1`;
const counts = {};
let isOver = false;

const count = (status) => (counts[status] = (counts[status] ?? 0) + 1);

async function send(path, { method = 'POST', body, type = 'application/json', headers = {}, abandonMs } = {}) {
  const signal = abandonMs === undefined ? undefined : AbortSignal.timeout(abandonMs);
  const own = { authorization: `Bearer ${token}`, 'content-type': type, ...headers };
  try {
    const answer = await fetch(`${base}${path}`, { method, headers: own, body, signal });
    await answer.arrayBuffer();
    return count(answer.status);
  } catch (error) {
    return count(error.name === 'TimeoutError' ? 'abandoned' : 'broken');
  }
}

/** Runs `connections` loops beside each other until the end. */
const loops = (connections, work) =>
  Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      for (let turn = 0; !isOver; turn++) {
        await work(index, turn);
        await pause(0);
      }
    }),
  );

/** Pseudo-random numbers from 0 to 1 that are the same in every run. */
function randomNumbers(seed) {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** A problem that takes the planner as long as it may: distinct requests in three resources that fill the capacity exactly nowhere. */
function hardestPlan(size, runs) {
  const random = randomNumbers(size + 1);
  const between = (low, high) => Math.round(low + random() * (high - low));
  const one = (index, priority) => ({
    id: `d${index}`,
    priority,
    resources: { cpu: between(100, 30_000) / 1000, memoryMib: between(100, 60_000), gpu: between(1, 8_000) / 1000 },
  });
  return JSON.stringify({
    capacity: { cpu: size * 3.1, memoryMib: size * 6_100, gpu: size * 0.83 },
    now: '2026-01-02T00:00:00Z',
    policy: { searchSteps: order.searchSteps, preemption: 'lower-priority', preemptAfterSeconds: 0 },
    running: Array.from({ length: runs }, (_, index) => ({
      ...one(index, 10 + (index % 5)),
      startedAt: '2026-01-01T00:00:00Z',
      preemptible: true,
    })),
    queue: Array.from({ length: size }, (_, index) => ({ ...one(runs + index, 50), queuedAt: '2026-01-01T12:00:00Z' })),
  });
}

/** Plans of a whole problem take a session. */
const session = { authorization: `Bearer ${order.accessToken}` };

const organization = `/organizations/${order.organization}`;
const deployment = () => ({
  image: 'app:1',
  resources: {
    cpu: (100 + Math.floor(Math.random() * 29_000)) / 1000,
    memoryMib: 1 + Math.floor(Math.random() * 60_000),
  },
});

const ATTACKS = {
  /** A submission to each cluster every 100 ms. */
  submissions: () =>
    Promise.all(
      order.clusters.map(async ({ organizationId, clusterId }, index) => {
        await pause((100 * index) / order.clusters.length);
        while (!isOver) {
          const body = JSON.stringify(deployment());
          void send(`/organizations/${organizationId}/clusters/${clusterId}/deployments`, {
            body,
            headers: { authorization: `Bearer ${order.tokens[organizationId]}` },
          });
          await pause(100);
        }
      }),
    ),
  abandonedPlans: () => {
    const body = hardestPlan(2_000, 2_000);
    return loops(64, () => send('/plan', { body, headers: session, abandonMs: 500 }));
  },
  keptPlans: () => {
    const body = hardestPlan(2_000, 2_000);
    return loops(64, () => send('/plan', { body, headers: session }));
  },
  largePlans: () => {
    const body = hardestPlan(10_000, 1_500);
    return loops(8, () => send('/plan', { body, headers: session }));
  },
  invalidBatches: () => {
    const body = JSON.stringify({
      deployments: Array.from({ length: 10_000 }, () => ({ image: 7, resources: [], x: 1 })),
    });
    return loops(8, () => send(`${organization}/clusters/${order.cluster}/deployments/batch`, { body }));
  },
  blankLines: () => {
    const body = '\n'.repeat(2 * 1024 * 1024);
    const type = 'application/x-ndjson';
    return loops(8, () => send(`${organization}/clusters/${order.cluster}/deployments/lines`, { body, type }));
  },
  /** Bodies without a credential that never end. */
  anonymousBodies: async () => {
    const size = 8 * 1024 * 1024;
    const head = `POST ${order.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${size}\r\n\r\n`;
    const part = Buffer.alloc(64 * 1024, ' ');
    await loops(500, async () => {
      const socket = connect(port, '127.0.0.1');
      const closed = new Promise((resolve) => socket.once('close', resolve).once('error', () => undefined));
      socket.resume().write(head);
      for (let sent = 0; sent < size - part.length && !socket.destroyed && !isOver; sent += part.length) {
        if (!socket.write(part)) await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))]);
      }
      const over = (async () => {
        while (!isOver && !socket.destroyed) await pause(100);
      })();
      await Promise.race([closed, over]);
      socket.destroy();
      count('connections');
      await pause(200);
    });
  },
  heaviestLists: () => {
    const terms = Array.from({ length: 19 }, (_, index) => `key${index} notin (value-x,value-y-${index})`);
    const query = new URLSearchParams({ label: `${terms.join(',')},key19=nowhere`, limit: '100' });
    return loops(40, () => send(`${organization}/deployments?${query}`, { method: 'GET' }));
  },
  streams: async () => {
    const open = [];
    for (let refused = 0; !isOver && refused < 20;) {
      const answer = await fetch(`${base}${organization}/events`, {
        headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
      }).catch(() => undefined);
      count(answer?.status ?? 'broken');
      if (answer?.status === 200) open.push(answer);
      else refused++;
    }
    while (!isOver) await pause(100);
  },
  specs: () => {
    const spec = { command: ['x'.repeat(15_000)] };
    const body = JSON.stringify({ deployments: Array.from({ length: 200 }, () => ({ ...deployment(), spec })) });
    return loops(4, () => send(`${organization}/clusters/${order.cluster}/deployments/batch`, { body }));
  },
  signIns: () =>
    loops(200, async () => {
      const address = Math.floor(Math.random() * 25_000);
      const headers = { 'x-forwarded-for': `10.${address >> 16}.${(address >> 8) & 255}.${address & 255}` };
      const username = Math.random() < 0.5 ? order.names[address % order.names.length] : `unknown-${address}`;
      await send('/auth/login', { body: JSON.stringify({ username, password: `wrong ${Math.random()}` }), headers });
    }),
};

process.once('SIGTERM', () => {
  isOver = true;
  // What still waits for an answer waits in vain.
  setTimeout(() => {
    process.stdout.write(`${JSON.stringify(counts)}\n`);
    process.exit(0);
  }, 300);
});
await ATTACKS[name]();
