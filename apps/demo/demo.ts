import { randomBytes, randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { Connection } from './connection.js';
import { gather } from './evidence.js';
import { count, percent } from './format.js';
import { violationsOf } from './invariants.js';
import { parseOpenbTrace } from './openb-trace.js';
import { DEFAULT_SIZE, MAX_SIZE, type Options } from './options.js';
import { type Order } from './order.js';
import { type Identity } from './people.js';
import { blockOf, lineOf, progressOf } from './progress.js';
import { runCluster } from './runtime.js';
import { type Screen } from './screen.js';
import { type Site } from './site.js';
import { setUp, type Stage, WEIGHTS } from './stage.js';
import { StandstillWatch } from './standstill.js';
import { Stop, textOf } from './stop.js';
import { submitAll } from './submission.js';
import { summaryOf } from './summary.js';
import { UtilizationMeter } from './utilization.js';
import { dealOrders, generateOrders } from './workload.js';

/** How often progress is looked at. */
const LOOK_EVERY_MS = 100;

/**
 * Runs the demo.
 *
 * 1. read or generate the workload, and deal it to clusters; 2. find the service; 3. set up organizations, people and clusters;
 * 4. submit, run and report until nothing is left, showing progress; 5. read everything back and check it; 6. print a summary.
 *
 * @returns the exit code: 0, or 1 when an invariant does not hold
 * @throws Stop when it cannot begin, or cannot go on
 */
export async function demo(options: Options, screen: Screen): Promise<0 | 1> {
  const orders = await ordersFor(options);
  const loads = dealOrders(orders, WEIGHTS, { seed: options.seed, fraction: options.capacity });
  const connection = new Connection(options.url, (message) => screen.say(message));
  await connection.open();
  const identity = newIdentity();
  const stage = await setUp(connection, identity, loads);
  screen.say(openingOf(options, orders.length, stage));

  const meter = new UtilizationMeter();
  const began = performance.now();
  await replay({ connection, stage, screen, meter, began, runtimeMs: options.runtime * 1000 });
  const seconds = (performance.now() - began) / 1000;

  screen.say('everything has ended: reading it all back');
  const evidence = await Promise.all(stage.sites.map(gather));
  const violations = evidence.flatMap(violationsOf);
  summaryOf({ evidence, mean: meter.mean, peak: meter.peak, seconds, violations }).forEach((line) => screen.say(line));
  whereToLook(options.url, stage, identity).forEach((line) => screen.say(line));
  return violations.length === 0 ? 0 : 1;
}

async function ordersFor({ trace, limit, seed }: Options): Promise<Order[]> {
  if (trace === undefined) return generateOrders(seed, limit ?? DEFAULT_SIZE);
  let text: string;
  try {
    text = await readFile(trace, 'utf8');
  } catch (error) {
    throw new Stop(`--trace cannot be read: ${textOf(error)}`, 2);
  }
  return parseOpenbTrace(text, trace, limit ?? MAX_SIZE);
}

/** A suffix that no other run has, and a random password: the service may be reachable by others. */
function newIdentity(): Identity {
  const letters = Array.from({ length: 6 }, () => 'abcdefghjkmnpqrstuvwxyz'.charAt(randomInt(23))).join('');
  return { suffix: letters, password: randomBytes(12).toString('base64url') };
}

function openingOf({ trace, seed, capacity }: Options, size: number, { sites }: Stage): string {
  const source = trace ?? `generated, seed ${seed}`;
  const clusters = sites.map(({ name, tasks }) => `${name} ${count(tasks.length)}`).join(', ');
  return `${count(size)} deployments (${source}) for ${sites.length} clusters: ${clusters}\neach cluster can hold ${percent(capacity)} of the sum of its requests at once`;
}

interface Replay {
  readonly connection: Connection;
  readonly stage: Stage;
  readonly screen: Screen;
  readonly meter: UtilizationMeter;
  readonly began: number;
  readonly runtimeMs: number;
}

async function replay(run: Replay): Promise<void> {
  const { connection, runtimeMs } = run;
  const { sites } = run.stage;
  const stop = new AbortController();
  const watch = new StandstillWatch();
  const timer = setInterval(() => {
    try {
      look(run, watch);
    } catch (error) {
      stop.abort(error);
    }
  }, LOOK_EVERY_MS);
  try {
    await Promise.all(
      sites.flatMap((site) => [
        submitAll(connection, site, stop.signal),
        runCluster(connection, site, runtimeMs, stop.signal),
      ]),
    );
    look(run, watch);
  } finally {
    clearInterval(timer);
    stop.abort();
  }
}

/** Measures, shows, and notices a standstill. @throws Stop when it has lasted too long */
function look({ connection, stage: { sites }, screen, meter, began }: Replay, watch: StandstillWatch): void {
  const now = performance.now();
  const seconds = (now - began) / 1000;
  const progress = progressOf(sites);
  meter.sample(
    now,
    sites.map(({ view }) => view),
  );
  screen.show(
    now,
    () => blockOf(progress, seconds),
    () => lineOf(progress, seconds),
  );
  const movement = watch.look(
    now,
    JSON.stringify(progress),
    connection.isAway || sites.some((site) => isAtWork(site, now)),
  );
  if (movement === 'tell') {
    screen.say('nothing has moved for a while: is the worker running? The demo goes on as soon as it is.');
  }
  if (movement === 'give-up') throw new Stop('Nothing has moved for two minutes. Is the worker running?', 1);
}

function isAtWork({ running }: Site, now: number): boolean {
  for (const { endsAt } of running.values()) {
    if (endsAt > now && endsAt < Infinity) return true;
  }
  return false;
}

function whereToLook(url: string, { people }: Stage, { password }: Identity): string[] {
  return [
    '',
    'Look around:',
    `  ${url}/docs - "loginUser" with one of these users authorizes the page:`,
    ...people.map(
      ({ person, organization }) => `    ${person.username.padEnd(24)} ${person.role.padEnd(10)} of ${organization}`,
    ),
    `  password of all of them: ${password}`,
  ];
}
