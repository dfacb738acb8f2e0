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
  /** Its time has come: of the queue timeout, of the runtime, or of the retry. */
  isDue: boolean;
}

/** Something that somebody does, or that happens. `at` says to which deployment, by its place; what is beyond the last is the last. */
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
  | { readonly kind: 'edit'; readonly at: number; readonly priority: number }
  | { readonly kind: 'cancel-all'; readonly statuses: readonly string[] }
  | { readonly kind: 'fail-all' }
  | { readonly kind: 'time-passes'; readonly at: number }
  | { readonly kind: 'pass' };

/** How many of them a cluster of the test has room for. */
export const PLACES = 2;

const HOLDING = ['scheduled', 'running'];
const LIVE = ['queued', 'scheduled', 'running', 'retrying'];

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

  /** The place of the deployment that an act is about; undefined while there is none. */
  placeOf(place: number): number | undefined {
    return this.deployments.length === 0 ? undefined : Math.min(place, this.deployments.length - 1);
  }

  /** Does what the act says. @returns whether the service is to accept it, where somebody asks for something */
  apply(act: Act): boolean {
    switch (act.kind) {
      case 'submit':
        this.submit(act.maxRetries, act.priority);
        return true;
      case 'cancel-all':
        this.deployments.filter(({ status }) => act.statuses.includes(status)).forEach(cancel);
        return true;
      case 'fail-all':
        this.deployments.filter(isHolding).forEach((one) => end(one, 'failed'));
        return true;
      case 'pass':
        this.pass();
        return true;
      case 'start':
      case 'complete':
      case 'cancel':
      case 'edit':
      case 'time-passes': {
        const one = this.deployments[this.placeOf(act.at) ?? -1];
        return one === undefined || about(one, act);
      }
    }
  }

  private submit(maxRetries: number, priority: number): void {
    const fresh = { status: 'queued', attempt: 1, retries: 0, isReleased: true, isDue: false };
    this.deployments.push({ ...fresh, maxRetries, priority });
  }

  private pass(): void {
    this.deployments.filter(({ isDue }) => isDue).forEach(becomeDue);
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

function cancel(one: Expected): void {
  Object.assign(one, { status: 'cancelled', isDue: false });
}

function end(one: Expected, outcome: string): void {
  const isRetried = outcome === 'failed' && one.retries < one.maxRetries;
  Object.assign(one, { status: isRetried ? 'retrying' : outcome, isDue: false });
  if (isRetried) one.retries += 1;
}

function becomeDue(one: Expected): void {
  if (one.status === 'retrying') {
    // Not before its resources are back.
    if (one.isReleased) Object.assign(one, { status: 'queued', attempt: one.attempt + 1, isDue: false });
    return;
  }
  Object.assign(one, { status: one.status === 'queued' ? 'expired' : 'timed_out', isDue: false });
}

function about(one: Expected, act: Extract<Act, { at: number }>): boolean {
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
      cancel(one);
      return true;
    case 'start':
      if (act.attempt !== null && act.attempt !== one.attempt) return false;
      if (!isHolding(one)) return false;
      one.status = 'running';
      return true;
    case 'complete':
      if (act.attempt !== null && act.attempt !== one.attempt) return false;
      if (isHolding(one)) {
        end(one, act.outcome);
        return true;
      }
      return one.status === act.outcome || (one.status === 'retrying' && act.outcome === 'failed');
  }
}
