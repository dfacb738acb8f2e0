import { MAX_CAPACITY, MAX_REQUEST, type ResourceAmounts, ResourceVector } from '#kernel';
import {
  DEFAULT_POLICY,
  type PlanningPolicy,
  PREEMPTION,
  type Problem,
  problemOf,
  type QueuedDeployment,
  reservationOf,
  type ReservationStatement,
  type RunningGroup,
  runningOf,
} from '#packing';

import { Fields, InvalidProblem } from './fields.js';

const MAX_PRIORITY = 100;
const MAX_SECONDS = 10 * 366 * 24 * 3600;
const MAX_STEPS = 100_000_000;
const MAX_PREEMPTIONS = 1_000_000;

/** Reads a problem file's content. @throws InvalidProblem naming the first field that is wrong */
export function readProblem(json: string): Problem {
  const root = new Fields(parse(json), '');
  const nowMs = root.time('now');
  const queue = root.list('queue').map(readQueued);
  const running = root.has('running') ? root.list('running').map(readRunning) : [];
  refuseDoubles(
    'queue',
    queue.map(({ id }) => id),
  );
  // Whoever may be given up is told apart by id.
  refuseDoubles(
    'running',
    running.map(({ preemptible }) => preemptible?.id ?? null),
  );
  return problemOf({
    capacity: readAmounts(root.object('capacity'), MAX_CAPACITY),
    nowMs,
    policy: root.has('policy') ? readPolicy(root.object('policy')) : DEFAULT_POLICY,
    isCordoned: false,
    running,
    queue,
    reservation: root.has('reservation')
      ? reservationOf(readReservation(root.object('reservation')), queue, nowMs)
      : null,
  });
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new InvalidProblem(`the problem must be JSON: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
}

function readAmounts(fields: Fields, most: number): ResourceAmounts {
  return {
    cpuMillis: fields.thousandths('cpu', most),
    memoryMib: fields.whole('memoryMib', 0, most),
    gpuMillis: fields.has('gpu') ? fields.thousandths('gpu', most) : 0,
  };
}

function readRequest(fields: Fields): ResourceAmounts {
  const request = readAmounts(fields, MAX_REQUEST);
  if (ResourceVector.of(request).isZero()) {
    throw new InvalidProblem(`${fields.path} must ask for something: at least one amount above 0`);
  }
  return request;
}

function readRuntime(fields: Fields): number | null {
  return fields.has('maxRuntimeSeconds') ? fields.whole('maxRuntimeSeconds', 1, MAX_SECONDS) : null;
}

function readQueued(fields: Fields): QueuedDeployment {
  return {
    id: fields.text('id'),
    priority: fields.whole('priority', 0, MAX_PRIORITY),
    request: readRequest(fields.object('resources')),
    queuedAtMs: fields.time('queuedAt'),
    maxRuntimeSeconds: readRuntime(fields),
  };
}

function readRunning(fields: Fields): RunningGroup {
  return runningOf({
    id: fields.text('id'),
    priority: fields.whole('priority', 0, MAX_PRIORITY),
    resources: readRequest(fields.object('resources')),
    startedAtMs: fields.time('startedAt'),
    maxRuntimeSeconds: readRuntime(fields),
    isPreemptible: fields.has('preemptible') && fields.truth('preemptible'),
    preemptions: fields.has('preemptions') ? fields.whole('preemptions', 0, MAX_PREEMPTIONS) : 0,
  });
}

function readPolicy(fields: Fields): PlanningPolicy {
  type Whole = Exclude<keyof PlanningPolicy, 'preemption' | 'reserveAfterSeconds'>;
  const read = (name: Whole, most: number): number =>
    fields.has(name) ? fields.whole(name, 0, most) : DEFAULT_POLICY[name];
  return {
    searchSteps: read('searchSteps', MAX_STEPS),
    reserveAfterSeconds: readReserveAfter(fields),
    reserveHoldSeconds: read('reserveHoldSeconds', MAX_SECONDS),
    preemption: fields.has('preemption') ? fields.word('preemption', PREEMPTION) : DEFAULT_POLICY.preemption,
    preemptAfterSeconds: read('preemptAfterSeconds', MAX_SECONDS),
    maxPreemptions: read('maxPreemptions', MAX_PREEMPTIONS),
    stopGraceSeconds: read('stopGraceSeconds', MAX_SECONDS),
  };
}

/** Left out: the default. Null: never. */
function readReserveAfter(fields: Fields): number | null {
  if (fields.has('reserveAfterSeconds')) return fields.whole('reserveAfterSeconds', 0, MAX_SECONDS);
  return fields.isNull('reserveAfterSeconds') ? null : DEFAULT_POLICY.reserveAfterSeconds;
}

function readReservation(fields: Fields): ReservationStatement {
  const time = (name: string): number | null => (fields.has(name) ? fields.time(name) : null);
  const promisedAtMs = time('promisedAt');
  return {
    id: fields.text('id'),
    promisedAtMs,
    state:
      promisedAtMs === null && fields.has('state') ? fields.word<'held' | 'lapsed'>('state', ['held', 'lapsed']) : null,
    sinceMs: time('since'),
    untilMs: promisedAtMs === null ? time('until') : null,
  };
}

/** @param ids null: need not be told apart */
function refuseDoubles(list: 'queue' | 'running', ids: readonly (string | null)[]): void {
  const seen = new Set<string>();
  for (const [index, id] of ids.entries()) {
    if (id === null) continue;
    if (seen.has(id)) throw new InvalidProblem(`${list}[${index}].id must be unique: ${id} occurs twice`);
    seen.add(id);
  }
}
