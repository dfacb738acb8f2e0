import { type ResourceAmounts, RESOURCES } from '#kernel';

import { plan } from '../planning/plan.js';
import { toRow } from '../rows.js';
import type { Plan, Snapshot, WaitingMember, WaitingShape } from '../types.js';
import { freeAt } from '../planning/timeline.js';
import { blockersOf, allocationsAfter } from './blockers.js';
import { type Change, changed, type ChangeOptions, type ShapeOf } from './change.js';
import { leastEnded } from './ended.js';
import { type Attempt, least } from './least.js';
import { keyOf, type Start, startOf } from './places.js';

const HIGHEST_PRIORITY = 100;
const MOST_CAPACITY = 1_000_000_000_000;

/** The deployment that is to start. */
export interface Subject extends WaitingMember {
  /** Index into `snapshot.waiting`. */
  readonly shape: number;
  /** How many of a shape (index into `snapshot.waiting`) are older than it. */
  readonly olderIn: (shape: number) => number;
}

/** What there is to change, and how much. */
type Key =
  /** It asks for less: so much less of one resource, or of several together, and still for some of each. */
  | { readonly kind: 'request'; readonly less: ResourceAmounts; readonly request: ResourceAmounts }
  /** The cluster has so much more. */
  | { readonly kind: 'capacity'; readonly more: ResourceAmounts; readonly capacity: ResourceAmounts }
  /** How many of each of these groups (index into `snapshot.running`) end; with any one of them running on it does not start. */
  | {
      readonly kind: 'ended';
      readonly groups: readonly { readonly group: number; readonly count: number }[];
      /** True when all smaller numbers of deployments were tried. */
      readonly isFewest: boolean;
    }
  /** It has this priority; with one less it does not start. */
  | { readonly kind: 'priority'; readonly priority: number }
  /** The cluster's policy allows preemption of lower priorities. */
  | { readonly kind: 'policy'; readonly preemption: 'lower-priority' }
  /** Nothing at all: a plan made now starts it. */
  | { readonly kind: 'nothing' };

/**
 * One change that starts a deployment: tried with the planner, and tried with one step less, which does not.
 *
 * With the next pass, or as soon as something has stopped for it that the next pass tells to stop.
 */
export type Unlock = Key & Start;

/** What would start a deployment. */
export interface Unlocks {
  readonly unlocks: readonly Unlock[];
  /** Kinds of change whose search ended before it was complete: nothing is said of them. */
  readonly cut: readonly Unlock['kind'][];
  /** How often the planner was asked. */
  readonly runs: number;
}

/** How a search is limited. */
export interface UnlockOptions extends ChangeOptions {
  /** The most times that the planner is asked for each kind of change. */
  readonly maxRuns?: number;
  /** Asked before and while the planner runs; once true, the search ends. */
  readonly shouldStop?: () => boolean;
}

/** How one kind of change is made from amounts. */
interface Step {
  readonly most: readonly number[];
  readonly toChange: (amounts: readonly number[]) => [Change, ShapeOf];
  readonly toKey: (amounts: readonly number[]) => Key;
}

const DEFAULT_RUNS = 160;

/**
 * Looks for the smallest changes with which the next pass would start a deployment, or make room for it, each by itself.
 *
 * Only what the planner itself confirmed is said: that it starts with the change, and that it does not with the next smaller one. A cordoned
 * cluster starts nothing whatever else changes, and is not searched.
 */
export function unlocksOf(snapshot: Snapshot, subject: Subject, options: UnlockOptions = {}): Unlocks {
  const search = new Search(snapshot, subject, options);
  const { missing, starts } = search;
  if (starts !== null) return { unlocks: [{ kind: 'nothing', ...starts }], cut: [], runs: search.runs };
  if (snapshot.isCordoned) return { unlocks: [], cut: [], runs: search.runs };
  search.lessRequest(missing);
  search.moreCapacity(missing);
  search.fewerRunning(missing);
  search.higherPriority();
  search.otherPolicy();
  const { unlocks, cut, runs } = search;
  return { unlocks, cut, runs };
}

class Search {
  readonly unlocks: Unlock[] = [];
  readonly cut: Unlock['kind'][] = [];
  /** How it starts as things are. */
  readonly starts: Start | null;
  /** What of each resource it is missing. */
  readonly missing: readonly number[];
  runs = 0;
  private left: number;
  /** How the last change that started it did so: of those of one kind it is the least, for only smaller ones are tried from then on. */
  private last: Start = { untilMs: null };
  private readonly shape: WaitingShape;
  private readonly older: ReadonlyMap<string, number>;

  constructor(
    private readonly snapshot: Snapshot,
    private readonly subject: Subject,
    private readonly options: UnlockOptions,
  ) {
    this.left = options.maxRuns ?? DEFAULT_RUNS;
    this.shape = snapshot.waiting[subject.shape]!;
    this.older = new Map(snapshot.waiting.map((shape, index) => [keyOf(shape), subject.olderIn(index)]));
    const present = changed(snapshot, {}, options);
    const now = this.plan(present);
    this.starts = now === null ? null : this.startIn(present, now, this.shape);
    this.missing = now === null ? toRow(this.shape.request) : missingIn(present, now, subject);
  }

  /** Less of one resource; where that is not enough, less of all that are missing together. */
  lessRequest(missing: readonly number[]): void {
    const request = toRow(this.shape.request);
    const lowered = (less: readonly number[]): ResourceAmounts =>
      amountsOf(request.map((amount, row) => amount - less[row]!));
    this.eachAlone('request', missing, {
      most: mostLess(request),
      toChange: (less) => {
        const shape = { ...this.shape, request: lowered(less) };
        return [this.reshaped(shape), shape];
      },
      toKey: (less) => ({ kind: 'request', less: amountsOf(less), request: lowered(less) }),
    });
  }

  moreCapacity(missing: readonly number[]): void {
    const capacity = toRow(this.snapshot.capacity);
    const grown = (more: readonly number[]): ResourceAmounts =>
      amountsOf(capacity.map((amount, row) => amount + more[row]!));
    this.eachAlone('capacity', missing, {
      most: capacity.map((amount) => MOST_CAPACITY - amount),
      toChange: (more) => [{ capacity: grown(more) }, this.shape],
      toKey: (more) => ({ kind: 'capacity', more: amountsOf(more), capacity: grown(more) }),
    });
  }

  fewerRunning(missing: readonly number[]): void {
    this.begin();
    const { groups, isFewest, isCut } = leastEnded(this.snapshot.running, missing, (ended) =>
      this.attempt({ ended }, this.shape),
    );
    if (groups !== null) this.say({ kind: 'ended', groups, isFewest });
    else if (isCut) this.cut.push('ended');
  }

  higherPriority(): void {
    const { priority } = this.shape;
    if (priority >= HIGHEST_PRIORITY) return;
    this.begin();
    const raised = (by: readonly number[]): ShapeOf => ({ ...this.shape, priority: priority + by[0]! });
    const most = HIGHEST_PRIORITY - priority;
    const found = least([most], [most], (by) => this.attempt(this.reshaped(raised(by)), raised(by)));
    if (found.amounts !== null) this.say({ kind: 'priority', priority: raised(found.amounts).priority });
    else if (found.isCut) this.cut.push('priority');
  }

  otherPolicy(): void {
    const { policy, running } = this.snapshot;
    if (policy.preemption !== 'never' || !running.some(({ preemptible }) => preemptible !== undefined)) return;
    this.begin();
    const preemption = 'lower-priority';
    const starts = this.attempt({ policy: { ...policy, preemption } }, this.shape);
    if (starts === null) this.cut.push('policy');
    else if (starts) this.say({ kind: 'policy', preemption });
  }

  /** Tries each resource alone, and together those that do nothing alone. */
  private eachAlone(kind: 'request' | 'capacity', missing: readonly number[], step: Step): void {
    this.begin();
    const attempt: Attempt = (amounts) => {
      const [change, as] = step.toChange(amounts);
      return this.attempt(change, as);
    };
    const rows = missing.flatMap((amount, row) => (amount > 0 ? [row] : []));
    const before = this.unlocks.length;
    let isCut = false;
    const tries = rows.length > 1 ? [...rows.map((row) => [row]), rows] : rows.map((row) => [row]);
    for (const together of tries) {
      if (together.length > 1 && this.unlocks.length > before) break;
      const guess = missing.map((amount, row) => (together.includes(row) ? amount : 0));
      const found = least(guess, step.most, attempt);
      if (found.amounts !== null) this.say(step.toKey(found.amounts));
      isCut ||= found.isCut;
    }
    if (isCut) this.cut.push(kind);
  }

  private begin(): void {
    this.left = this.options.maxRuns ?? DEFAULT_RUNS;
  }

  private say(key: Key): void {
    this.unlocks.push({ ...key, ...this.last });
  }

  /** The deployment leaves its shape and comes back as another one. */
  private reshaped(shape: ShapeOf): Change {
    const { id, queuedAtMs } = this.subject;
    const head = { id, queuedAtMs };
    return { left: [{ head, shape: this.shape }], came: [{ head, shape }] };
  }

  private attempt(change: Change, as: ShapeOf): boolean | null {
    const after = changed(this.snapshot, change, this.options);
    const result = this.plan(after);
    if (result === null) return null;
    const start = this.startIn(after, result, as);
    if (start !== null) this.last = start;
    return start !== null;
  }

  private plan(snapshot: Snapshot): Plan | null {
    const { shouldStop } = this.options;
    if (this.left === 0 || shouldStop?.() === true) return null;
    this.left--;
    this.runs++;
    const result = plan(snapshot, shouldStop === undefined ? {} : { shouldStop });
    return result.certificate.stopped === 'deadline' ? null : result;
  }

  private startIn(snapshot: Snapshot, result: Plan, as: ShapeOf): Start | null {
    const key = keyOf(as);
    const shape = snapshot.waiting.findIndex((other) => keyOf(other) === key);
    const { id, queuedAtMs } = this.subject;
    return startOf(snapshot, result, { id, queuedAtMs, shape, older: this.older.get(key) ?? 0 });
  }
}

/** What a deployment lacks beside a plan, and beside the reservation that the plan keeps. */
function missingIn(snapshot: Snapshot, result: Plan, subject: Subject): number[] {
  const { request } = snapshot.waiting[subject.shape]!;
  const free = freeAt(snapshot, allocationsAfter(snapshot, result), snapshot.nowMs);
  const missing = toRow(request).map((amount, row) => (amount > 0 ? Math.max(0, amount - free[row]!) : 0));
  const { blockers } = blockersOf(snapshot, result, undefined, (shape) => shape === subject.shape)[0] ?? {
    blockers: [],
  };
  for (const blocker of blockers) {
    if (blocker.code !== 'RESERVATION' || blocker.id === subject.id) continue;
    for (const { resource, needed, available } of blocker.resources) {
      const row = RESOURCES.indexOf(resource);
      missing[row] = Math.max(missing[row]!, needed - available);
    }
  }
  // Elders of its own shape may be all that is in its way.
  return missing.every((amount) => amount === 0) ? toRow(request) : missing;
}

/** The most that a request can do without: what asks for a GPU does not run without any. */
function mostLess(request: readonly number[]): number[] {
  return request.map((amount) => Math.max(0, amount - 1));
}

function amountsOf(row: readonly number[]): ResourceAmounts {
  const [cpuMillis = 0, memoryMib = 0, gpuMillis = 0] = row;
  return { cpuMillis, memoryMib, gpuMillis };
}
