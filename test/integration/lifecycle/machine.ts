import fc from 'fast-check';

/** What the states of the design say of one deployment, written down a second time. */
export interface Expected {
  status: string;
  attempt: number;
  retries: number;
  priority: number;
  readonly maxRetries: number;
  /** Its resources have come back, or were never given. */
  isReleased: boolean;
  /** Its time has come: of the queue timeout, of the runtime, of the grace, or of the retry. */
  isDue: boolean;
  /** What becomes of it, or became of it, when it stops, and what its runtime said then; null where it never was to stop. */
  stop: { outcome: 'cancelled' | 'timed_out' | 'queued'; report: string | null } | null;
}

/** A request or another event. `at` is the position of its deployment; a position beyond the last means the last. */
export type Act =
  | { readonly kind: 'submit'; readonly maxRetries: number; readonly priority: number }
  | { readonly kind: 'start'; readonly at: number; readonly attempt: number | null }
  | {
      readonly kind: 'complete';
      readonly at: number;
      readonly attempt: number | null;
      readonly outcome: 'succeeded' | 'failed';
    }
  | { readonly kind: 'cancel'; readonly at: number }
  | { readonly kind: 'give-way'; readonly at: number }
  | { readonly kind: 'edit'; readonly at: number; readonly priority: number }
  | { readonly kind: 'cancel-all'; readonly statuses: readonly string[] }
  | { readonly kind: 'fail-all' }
  | { readonly kind: 'time-passes'; readonly at: number }
  | { readonly kind: 'pass' };

/** How many of them a cluster of the test has room for. */
export const PLACES = 2;

const HOLDING = ['scheduled', 'running', 'stopping'];
const LIVE = ['queued', 'scheduled', 'running', 'stopping', 'retrying'];

const at = fc.nat(5);
const attempt = fc.option(fc.integer({ min: 1, max: 3 }), { freq: 3 });

/** Any act. Passes come often, or nothing would ever happen. */
export const anAct: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('submit' as const), maxRetries: fc.nat(2), priority: fc.nat(2) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('start' as const), at, attempt }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('complete' as const),
      at,
      attempt,
      outcome: fc.constantFrom('succeeded' as const, 'failed' as const, 'failed' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), at }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('give-way' as const), at }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('edit' as const), at, priority: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('cancel-all' as const), statuses: fc.subarray(LIVE, { minLength: 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail-all' as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('time-passes' as const), at }) },
  { weight: 12, arbitrary: fc.constant({ kind: 'pass' as const }) },
);

/** The machine: deployments in the order of their submission, in one cluster with room for {@link PLACES}. */
export class Machine {
  readonly deployments: Expected[] = [];

  /** @param hasGrace whether what runs is granted time to stop */
  constructor(readonly hasGrace: boolean) {}

  /** The place of the deployment that an act is about; undefined while there is none. */
  placeOf(place: number): number | undefined {
    return this.deployments.length === 0 ? undefined : Math.min(place, this.deployments.length - 1);
  }

  /** Applies the act. @returns whether the service must accept it, if it is a request */
  apply(act: Act): boolean {
    switch (act.kind) {
      case 'submit':
        this.submit(act.maxRetries, act.priority);
        return true;
      case 'cancel-all':
        this.deployments
          .filter(({ status }) => act.statuses.includes(status))
          .forEach((one) => cancel(one, this.hasGrace));
        return true;
      case 'fail-all':
        this.deployments.filter(isHolding).forEach((one) => report(one, 'failed'));
        return true;
      case 'pass':
        this.pass();
        return true;
      case 'start':
      case 'complete':
      case 'cancel':
      case 'give-way':
      case 'edit':
      case 'time-passes': {
        const one = this.deployments[this.placeOf(act.at) ?? -1];
        return one === undefined || about(one, act, this.hasGrace);
      }
    }
  }

  private submit(maxRetries: number, priority: number): void {
    const fresh = { status: 'queued', attempt: 1, retries: 0, isReleased: true, isDue: false, stop: null };
    this.deployments.push({ ...fresh, maxRetries, priority });
  }

  private pass(): void {
    this.deployments.filter(({ isDue }) => isDue).forEach((one) => becomeDue(one, this.hasGrace));
    this.deployments.filter((one) => !isHolding(one)).forEach((one) => (one.isReleased = true));
    const free = PLACES - this.deployments.filter(isHolding).length;
    // Sorting is stable, and they are in the order of their ages.
    this.deployments
      .filter(({ status }) => status === 'queued')
      .sort((one, other) => other.priority - one.priority)
      .slice(0, free)
      .forEach((one) => Object.assign(one, { status: 'scheduled', isReleased: false }));
  }
}

function isHolding({ status }: Expected): boolean {
  return HOLDING.includes(status);
}

function ask(one: Expected, outcome: 'cancelled' | 'timed_out' | 'queued'): void {
  Object.assign(one, { status: 'stopping', isDue: false, stop: { outcome, report: null } });
}

function cancel(one: Expected, hasGrace: boolean): void {
  if (one.status === 'running' && hasGrace) ask(one, 'cancelled');
  else if (one.status === 'stopping' && one.stop?.report === null) one.stop.outcome = 'cancelled';
  else Object.assign(one, { status: 'cancelled', isDue: false });
}

/** What a runtime says of what holds resources. @returns whether that is new, or known */
function report(one: Expected, outcome: string): boolean {
  if (one.status !== 'stopping' || one.stop === null) {
    end(one, outcome);
    return true;
  }
  if (one.stop.report !== null) return one.stop.report === outcome;
  one.stop.report = outcome;
  if (one.stop.outcome !== 'queued') Object.assign(one, { status: one.stop.outcome, isDue: false });
  else if (outcome === 'succeeded') Object.assign(one, { status: outcome, isDue: false });
  else one.isDue = true;
  return true;
}

function end(one: Expected, outcome: string): void {
  const isRetried = outcome === 'failed' && one.retries < one.maxRetries;
  Object.assign(one, { status: isRetried ? 'retrying' : outcome, isDue: false });
  if (isRetried) one.retries += 1;
}

function becomeDue(one: Expected, hasGrace: boolean): void {
  if (one.status === 'stopping' && one.stop?.outcome === 'queued') {
    Object.assign(one, { status: 'queued', attempt: one.attempt + 1, isDue: false, stop: null });
    return;
  }
  if (one.status === 'retrying') {
    // Not before its resources are back.
    if (one.isReleased) Object.assign(one, { status: 'queued', attempt: one.attempt + 1, isDue: false });
    return;
  }
  if (one.status === 'running' && hasGrace) ask(one, 'timed_out');
  else if (one.status === 'stopping') Object.assign(one, { status: one.stop?.outcome, isDue: false });
  else Object.assign(one, { status: one.status === 'queued' ? 'expired' : 'timed_out', isDue: false });
}

function about(one: Expected, act: Extract<Act, { at: number }>, hasGrace: boolean): boolean {
  switch (act.kind) {
    case 'time-passes':
      one.isDue = LIVE.includes(one.status);
      return true;
    case 'edit':
      if (one.status !== 'queued') return false;
      one.priority = act.priority;
      return true;
    case 'cancel':
      if (one.status === 'cancelled') return true;
      if (!LIVE.includes(one.status)) return false;
      cancel(one, hasGrace);
      return true;
    case 'give-way':
      if (one.status === 'running' && hasGrace) ask(one, 'queued');
      return true;
    case 'start':
      if (act.attempt !== null && act.attempt !== one.attempt) return false;
      if (!isHolding(one)) return false;
      if (one.status === 'scheduled') one.status = 'running';
      return true;
    case 'complete':
      if (act.attempt !== null && act.attempt !== one.attempt) return false;
      if (isHolding(one)) return report(one, act.outcome);
      if (one.status === 'retrying') return act.outcome === 'failed';
      return one.status === act.outcome || one.stop?.report === act.outcome;
  }
}
