import fc from 'fast-check';

import { type ResourceAmounts, RESOURCES } from '#kernel';

import { keyOf } from '../explain/places.js';
import { plan } from '../planning/plan.js';
import { DEFAULT_POLICY } from '../policy.js';
import { type PlanningPolicy, PREEMPTION, type RunningGroup, type Snapshot, type WaitingShape } from '../types.js';
import { nominationsOf, type Reservation } from '../reservation.js';
import { amounts } from './problems.js';

/** A waiting deployment, each by itself: what shapes are made from. */
export interface Waiting {
  readonly id: string;
  readonly priority: number;
  readonly request: ResourceAmounts;
  readonly maxRuntimeSeconds: number | null;
  readonly queuedAtMs: number;
}

/** A cluster, deployment by deployment. */
export interface State {
  readonly capacity: ResourceAmounts;
  readonly nowMs: number;
  readonly policy: PlanningPolicy;
  readonly isCordoned: boolean;
  readonly running: readonly RunningGroup[];
  readonly waiting: readonly Waiting[];
  readonly reservations: readonly Reservation[];
}

/** Deployments of each shape, oldest first, in the order of the shapes of {@link snapshotOf}. */
export function membersOf({ waiting }: Pick<State, 'waiting'>): Waiting[][] {
  const groups = new Map<string, Waiting[]>();
  for (const one of waiting) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  const byAge = (a: Waiting, b: Waiting): number => a.queuedAtMs - b.queuedAtMs || (a.id < b.id ? -1 : 1);
  return Array.from(groups.values(), (group) => group.sort(byAge));
}

/** What a pass reads of a state: the oldest of each shape, unless all are to be named. */
export function snapshotOf(state: State, namesAll = false): Snapshot {
  const waiting = membersOf(state).map((group): WaitingShape => {
    const [oldest, ...followers] = group.map(({ id, queuedAtMs }) => ({ id, queuedAtMs }));
    const { priority, request, maxRuntimeSeconds } = group[0]!;
    const shape = {
      priority,
      request,
      maxRuntimeSeconds,
      count: group.length,
      oldest: oldest!,
    };
    return namesAll ? { ...shape, followers } : shape;
  });
  return { ...state, waiting };
}

/** The deployments that the plan for a state starts, as a pass would apply it. */
export function startedBy(state: State, snapshot = snapshotOf(state)): string[] {
  const members = membersOf(state);
  return plan(snapshot).place.flatMap(({ shape, count, includes }) => {
    const group = (members[shape] ?? []).map(({ id }) => id);
    const others = group.filter((id) => !includes.includes(id));
    return [...includes, ...others.slice(0, count - includes.length)];
  });
}

/** The deployments that are nominated after the plan for a state: by id, until when. */
export function nominatedBy(state: State, snapshot = snapshotOf(state)): Map<string, number> {
  const started = startedBy(state, snapshot);
  const members = membersOf(state);
  return new Map(
    nominationsOf(plan(snapshot).reservations).flatMap((nomination) => {
      const group = members.find(([first]) => first !== undefined && keyOf(first) === keyOf(nomination)) ?? [];
      const left = group.filter(({ id }) => !started.includes(id));
      return left.slice(0, nomination.count).map(({ id }): [string, number] => [id, nomination.untilMs]);
    }),
  );
}

const part = (largest: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 5, arbitrary: fc.integer({ min: 0, max: largest }) });

const someRequest = (largest: number): fc.Arbitrary<ResourceAmounts> =>
  fc
    .tuple(part(largest), part(largest), part(largest))
    .filter((sizes) => sizes.some((amount) => amount > 0))
    .map(([cpu, memory, gpu]) => amounts(cpu, memory, gpu));

const someRuntime = fc.oneof(fc.constant(null), fc.constantFrom(5, 30, 60, 100));

/** How large states are. */
export interface StateSize {
  readonly shapes: number;
  readonly waiting: number;
  readonly running: number;
  readonly largest: number;
}

/** Clusters in the middle of their life: something runs, something waits, some with a reservation or terminating victims. */
export function someState({ shapes, waiting, running, largest }: StateSize): fc.Arbitrary<State> {
  const shape = fc.record({
    priority: fc.constantFrom(10, 50, 51),
    request: someRequest(largest),
    maxRuntimeSeconds: someRuntime,
  });
  const group = fc.record({
    priority: fc.constantFrom(10, 50, 51),
    resources: someRequest(largest),
    count: fc.constantFrom(1, 1, 1, 2),
    endsAtMs: fc.oneof(fc.constant(null), fc.constantFrom(110_000, 130_000, 200_000)),
    yields: fc.option(fc.record({ ranSeconds: fc.constantFrom(20, 90, 90), preemptions: fc.constantFrom(0, 0, 3) })),
  });
  const capacity = fc.tuple(...[1, 1, 1].map((least) => fc.integer({ min: least, max: largest * 3 })));
  return fc
    .record({
      capacity: capacity.map(([cpu = 0, memory = 0, gpu = 0]) => amounts(cpu, memory, gpu)),
      reserveAfterSeconds: fc.constantFrom(null, 0, 0, 60),
      preemption: fc.constantFrom(...PREEMPTION, 'lower-priority'),
      stopGraceSeconds: fc.constantFrom(0, 20, 60),
      isCordoned: fc.integer({ min: 0, max: 19 }).map((number) => number === 0),
      kinds: fc.array(shape, { minLength: 1, maxLength: shapes }),
      queue: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 99 })), { minLength: 1, maxLength: waiting }),
      running: fc.array(group, { maxLength: running }),
      hasHistory: fc.boolean(),
    })
    .map(({ capacity, isCordoned, kinds, queue, running, hasHistory, ...policy }) => {
      const state: State = {
        capacity,
        nowMs: 100_000,
        policy: { ...DEFAULT_POLICY, ...policy, preemptAfterSeconds: 40 },
        isCordoned,
        running: thatFit(running.map(toRunning), capacity),
        waiting: queue.map(([kind, age], index) => ({
          ...kinds[kind % kinds.length]!,
          id: `w${String(index).padStart(3, '0')}`,
          queuedAtMs: age * 1000,
        })),
        reservations: [],
      };
      return hasHistory ? { ...state, ...afterPass(state) } : state;
    });
}

interface DrawnGroup extends Omit<RunningGroup, 'preemptible'> {
  readonly yields: { readonly ranSeconds: number; readonly preemptions: number } | null;
}

/** Some of the groups of one may be preempted; some not yet, or not any more. */
function toRunning({ yields, ...group }: DrawnGroup, index: number): RunningGroup {
  if (yields === null || group.count > 1) return group;
  const { ranSeconds, preemptions } = yields;
  const sinceMs = 100_000 - ranSeconds * 1000;
  return { ...group, preemptible: { id: `r${index}`, sinceMs, preemptions, stopsAtOnce: false } };
}

/** The state after a pass half a minute ago has been made real. */
function afterPass(state: State): Pick<State, 'running' | 'waiting' | 'reservations'> {
  const nowMs = state.nowMs - 30_000;
  const past = { ...state, nowMs };
  const started = startedBy(past);
  const { reservations, preempt } = plan(snapshotOf(past));
  const gone = new Set(preempt.map(({ group }) => group));
  const graceEndsMs = nowMs + state.policy.stopGraceSeconds * 1000;
  const starts = state.waiting.filter(({ id }) => started.includes(id));
  return {
    running: [
      ...state.running.map((group, index) => (gone.has(index) ? terminating(group, graceEndsMs) : group)),
      ...starts.map(({ priority, request, maxRuntimeSeconds }) => ({
        priority,
        resources: request,
        count: 1,
        endsAtMs: maxRuntimeSeconds === null ? null : nowMs + maxRuntimeSeconds * 1000,
      })),
    ].filter(({ endsAtMs }) => endsAtMs === null || endsAtMs > state.nowMs),
    waiting: state.waiting.filter(({ id }) => !started.includes(id)),
    reservations,
  };
}

const terminating = ({ priority, resources, count }: RunningGroup, endsAtMs: number): RunningGroup => ({
  priority,
  resources,
  count,
  endsAtMs,
  isTerminating: true,
});

function thatFit(running: readonly RunningGroup[], capacity: ResourceAmounts): RunningGroup[] {
  const left = new Map(RESOURCES.map((resource) => [resource, capacity[resource]]));
  return running.filter((group) => {
    const fits = RESOURCES.every((resource) => group.resources[resource] * group.count <= left.get(resource)!);
    if (!fits) return false;
    for (const resource of RESOURCES) {
      left.set(resource, left.get(resource)! - group.resources[resource] * group.count);
    }
    return true;
  });
}
