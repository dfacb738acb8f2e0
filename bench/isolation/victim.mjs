// What another organization notices: figures of its requests, measured before an attack and during it.
import { readFileSync } from 'node:fs';

import { pause, quantile } from '../lib/database.mjs';

/** A start that has not come after this time counts as this time. */
const LONGEST_MS = 20_000;

export const p99 = (times) => quantile(times, 0.99);

/** Calls `work` every `everyMs` for a time, without waiting for the call before. @returns what the calls answered */
export async function repeatedly(seconds, everyMs, work) {
  const calls = [];
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    calls.push(work(calls.length));
    await pause(everyMs);
  }
  return Promise.all(calls);
}

/** The time of one request in milliseconds, and its status. A request that fails has the status 0. */
export async function timed(url, options = {}) {
  const beganMs = performance.now();
  const status = await fetch(url, { ...options, signal: AbortSignal.timeout(LONGEST_MS) }).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.status;
    },
    () => 0,
  );
  return { ms: performance.now() - beganMs, status };
}

/** A submission every 100 ms. @returns when the request of each began, by the id of its deployment; the longest time for each that failed */
async function submissions({ owner, cluster, seconds }) {
  const begun = new Map();
  const refused = [];
  await repeatedly(seconds, 100, async () => {
    const beganMs = Date.now();
    const body = { image: 'app:1', resources: { cpu: 0.001, memoryMib: 1 } };
    try {
      const { id } = await owner.api.submitDeployment({ path: cluster.path, body });
      begun.set(id, beganMs);
    } catch {
      refused.push(LONGEST_MS);
    }
  });
  return { begun, refused };
}

/** From the request that submits a deployment until it is scheduled. API, database and this process read one clock. @returns milliseconds */
export async function starts({ owner, cluster, client, seconds }) {
  const { begun, refused } = await submissions({ owner, cluster, seconds });
  const query = `select id, extract(epoch from scheduled_at)::float8 * 1000 as ms from deployments where id = any($1)`;
  const read = async () => (await client.query(query, [[...begun.keys()]])).rows;
  const endMs = performance.now() + LONGEST_MS;
  let rows = await read();
  while (rows.some(({ ms }) => ms === null) && performance.now() < endMs) {
    await pause(100);
    rows = await read();
  }
  const times = rows.map(({ id, ms }) => (ms === null ? LONGEST_MS : Math.min(LONGEST_MS, ms - begun.get(id))));
  return [...times, ...refused];
}

/** The largest memory of a process during a time, in MiB. */
export async function peakMemory(pid, seconds) {
  let peak = 0;
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    const kib = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    peak = Math.max(peak, kib / 1024);
    await pause(50);
  }
  return peak;
}

/** The time from a submission until its event arrives in an open stream, in milliseconds. */
export async function eventDelays({ owner, cluster, seconds }) {
  const stopping = new AbortController();
  const arrived = new Map();
  const reading = (async () => {
    for await (const event of owner.api.follow(owner.organization, { signal: stopping.signal })) {
      if (!arrived.has(event.deploymentId)) arrived.set(event.deploymentId, Date.now());
    }
  })().catch(() => undefined);
  await pause(1_000);
  const { begun, refused } = await submissions({ owner, cluster, seconds });
  await pause(1_000);
  stopping.abort();
  await reading;
  const delays = [...begun].map(([id, beganMs]) => (arrived.has(id) ? arrived.get(id) - beganMs : LONGEST_MS));
  return [...delays, ...refused];
}
