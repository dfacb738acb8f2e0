import {
  AmbiguousJson,
  MalformedJson,
  MAX_CAPACITY,
  MAX_REQUEST,
  parseStrictJson,
  type ResourceAmounts,
  ResourceVector,
} from '#kernel';
import {
  DEFAULT_POLICY,
  PLANNING_LIMITS,
  type PlanningPolicy,
  PREEMPTION,
  type Problem,
  PROBLEM_LIMITS,
  problemOf,
  type QueuedDeployment,
  RESERVATION_STATES,
  reservationOf,
  type ReservationStatement,
  type RunningGroup,
  runningOf,
} from '#packing';

import { Fields, InvalidProblem } from './fields.js';

// The fields of each object: what is not listed is refused.
const PROBLEM = ['capacity', 'now', 'policy', 'reservation', 'running', 'queue'] as const;
const AMOUNTS = ['cpu', 'memoryMib', 'gpu'] as const;
const RESERVATION = ['id', 'promisedAt', 'state', 'since', 'until'] as const;
const QUEUED = ['id', 'priority', 'resources', 'queuedAt', 'maxRuntimeSeconds'] as const;
const RUNNING = [
  'id',
  'priority',
  'resources',
  'startedAt',
  'maxRuntimeSeconds',
  'preemptible',
  'preemptions',
] as const;
const POLICY = Object.keys(DEFAULT_POLICY) as (keyof PlanningPolicy)[];

type Amounts = Fields<(typeof AMOUNTS)[number]>;
type Deployment = Fields<(typeof QUEUED)[number] & (typeof RUNNING)[number]>;

/** Beyond the service's: whoever plans a file keeps nobody waiting, and may search for as long as it takes. */
const SEARCH_STEPS = { min: 0, max: 100_000_000 };
const LIMITS = { ...PLANNING_LIMITS, searchSteps: SEARCH_STEPS };

/** Reads a problem file's content. @throws InvalidProblem naming the first field that is wrong */
export function readProblem(json: string): Problem {
  const root = new Fields(parse(json), PROBLEM);
  const nowMs = root.time('now', PROBLEM_LIMITS.timeMs);
  const queue = root.list('queue', QUEUED).map(readQueued);
  const running = root.has('running') ? root.list('running', RUNNING).map(readRunning) : [];
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
    capacity: readAmounts(root.object('capacity', AMOUNTS), MAX_CAPACITY),
    nowMs,
    policy: root.says('policy') ? readPolicy(root.object('policy', POLICY)) : DEFAULT_POLICY,
    isCordoned: false,
    running,
    queue,
    reservation: root.says('reservation')
      ? reservationOf(readReservation(root.object('reservation', RESERVATION)), queue, nowMs)
      : null,
  });
}

function parse(json: string): unknown {
  try {
    return parseStrictJson(json);
  } catch (error) {
    if (error instanceof MalformedJson) throw new InvalidProblem(`the problem must be JSON: ${error.message}`);
    if (error instanceof AmbiguousJson) throw new InvalidProblem(`${error.field.pointer} ${error.message}`);
    throw error;
  }
}

function readAmounts(fields: Amounts, most: number): ResourceAmounts {
  return {
    cpuMillis: fields.thousandths('cpu', most),
    memoryMib: fields.whole('memoryMib', { min: 0, max: most }),
    gpuMillis: fields.has('gpu') ? fields.thousandths('gpu', most) : 0,
  };
}

function readRequest(fields: Amounts): ResourceAmounts {
  const request = readAmounts(fields, MAX_REQUEST);
  if (ResourceVector.of(request).isZero()) {
    return fields.fail(null, 'must ask for something: at least one amount above 0');
  }
  return request;
}

function readRuntime(fields: Deployment): number | null {
  return fields.says('maxRuntimeSeconds') ? fields.whole('maxRuntimeSeconds', PROBLEM_LIMITS.maxRuntimeSeconds) : null;
}

function readQueued(fields: Fields<(typeof QUEUED)[number]>): QueuedDeployment {
  return {
    id: fields.text('id', PROBLEM_LIMITS.idLength),
    priority: fields.whole('priority', PROBLEM_LIMITS.priority),
    request: readRequest(fields.object('resources', AMOUNTS)),
    queuedAtMs: fields.time('queuedAt', PROBLEM_LIMITS.timeMs),
    maxRuntimeSeconds: readRuntime(fields),
  };
}

function readRunning(fields: Fields<(typeof RUNNING)[number]>): RunningGroup {
  return runningOf({
    id: fields.text('id', PROBLEM_LIMITS.idLength),
    priority: fields.whole('priority', PROBLEM_LIMITS.priority),
    resources: readRequest(fields.object('resources', AMOUNTS)),
    startedAtMs: fields.time('startedAt', PROBLEM_LIMITS.timeMs),
    maxRuntimeSeconds: readRuntime(fields),
    isPreemptible: fields.has('preemptible') && fields.truth('preemptible'),
    preemptions: fields.has('preemptions') ? fields.whole('preemptions', PROBLEM_LIMITS.preemptions) : 0,
  });
}

function readPolicy(fields: Fields<keyof PlanningPolicy>): PlanningPolicy {
  type Whole = Exclude<keyof PlanningPolicy, 'preemption' | 'reserveAfterSeconds'>;
  const read = (name: Whole): number => (fields.has(name) ? fields.whole(name, LIMITS[name]) : DEFAULT_POLICY[name]);
  return {
    searchSteps: read('searchSteps'),
    reserveAfterSeconds: readReserveAfter(fields),
    reserveHoldSeconds: read('reserveHoldSeconds'),
    preemption: fields.has('preemption') ? fields.word('preemption', PREEMPTION) : DEFAULT_POLICY.preemption,
    preemptAfterSeconds: read('preemptAfterSeconds'),
    maxPreemptions: read('maxPreemptions'),
    stopGraceSeconds: read('stopGraceSeconds'),
  };
}

/** Left out: the default. Null: never. */
function readReserveAfter(fields: Fields<keyof PlanningPolicy>): number | null {
  if (!fields.has('reserveAfterSeconds')) return DEFAULT_POLICY.reserveAfterSeconds;
  return fields.isNull('reserveAfterSeconds') ? null : fields.whole('reserveAfterSeconds', LIMITS.reserveAfterSeconds);
}

function readReservation(fields: Fields<(typeof RESERVATION)[number]>): ReservationStatement {
  const time = (name: 'promisedAt' | 'since' | 'until'): number | null =>
    fields.says(name) ? fields.time(name, PROBLEM_LIMITS.timeMs) : null;
  const promisedAtMs = time('promisedAt');
  const state = fields.has('state') ? fields.word('state', RESERVATION_STATES) : null;
  if (state === 'promised' && promisedAtMs === null) {
    return fields.fail('promisedAt', 'is required where the state is promised');
  }
  return {
    id: fields.text('id', PROBLEM_LIMITS.idLength),
    promisedAtMs,
    state: state === 'promised' ? null : state,
    sinceMs: time('since'),
    untilMs: time('until'),
  };
}

/** @param ids null: need not be told apart */
function refuseDoubles(list: 'queue' | 'running', ids: readonly (string | null)[]): void {
  const seen = new Set<string>();
  for (const [index, id] of ids.entries()) {
    if (id === null) continue;
    if (seen.has(id)) throw new InvalidProblem(`#/${list}/${index}/id must be unique: ${id} occurs twice`);
    seen.add(id);
  }
}
