import { ResourceVector, RESOURCES, type ResourceAmounts } from '#kernel';
import { type DeploymentHistory } from '#deployments';
import { type PlanningPolicy, type SimulatedDeployment, Simulation, type Snapshot } from '#packing';

/** The most deployments of a shape that are named, as in passes. */
const NAMES = 64;

/** What differs from what was. */
export interface HistoryChange {
  readonly policy?: Partial<PlanningPolicy>;
  /** More resources than the cluster had, at every time. */
  readonly addCapacity?: Partial<ResourceAmounts>;
}

/** Waits in seconds; of those that started. */
export interface Waits {
  readonly started: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** How a history went. */
export interface HistoryFigures extends Waits {
  readonly neverStarted: number;
  /** What was in use, as a share of the capacity over the time. */
  readonly utilization: Partial<Record<keyof ResourceAmounts, number>>;
  readonly promises: { readonly made: number; readonly late: number };
  readonly preempted: number;
  readonly byMember: Readonly<Record<string, Waits>>;
}

/** As much of a snapshot as a simulation takes from it. */
type Seen = Pick<Snapshot, 'nowMs' | 'capacity' | 'isCordoned' | 'policy'>;

/** A recorded time of a cluster. */
export interface History {
  readonly fromMs: number;
  readonly toMs: number;
  readonly deployments: readonly DeploymentHistory[];
  /** Snapshots of the recorded passes, in order: what the cluster had, whether it was cordoned, and its policy. */
  readonly snapshots: readonly [Seen, ...Seen[]];
}

/** How many deployments have an unknown end: they are taken to run for what they declare, at least for as long as they had run. */
export function openEnds({ deployments }: History): number {
  return deployments.filter(({ scheduledAtMs, endedAtMs }) => scheduledAtMs !== null && endedAtMs === null).length;
}

/**
 * Plays a recorded time with the planner: arrivals, cancels and run lengths as they were, everything else as plans decide. Pure, and the same each
 * time. An attempt that failed and was retried is left out: the last one counts.
 */
export function simulateHistory(history: History, { policy, addCapacity = {} }: HistoryChange): HistoryFigures {
  const [from, to] = [Math.floor(history.fromMs / 1_000), Math.ceil(history.toMs / 1_000)];
  const states = statesOf(history.snapshots, addCapacity);
  const last = history.snapshots.at(-1) ?? history.snapshots[0];
  const simulated = history.deployments.map((one) => toSimulated(one, from, to));
  const simulation = new Simulation(last.capacity, { ...last.policy, ...policy }, simulated);
  simulation.names = NAMES;
  simulation.capacityAt = (seconds) => stateAt(states, seconds).capacity;
  simulation.isCordonedAt = (seconds) => stateAt(states, seconds).isCordoned;
  simulation.changesAtSeconds = [from, ...states.map(({ atSeconds }) => atSeconds), to];
  const firstStarts = new Map<string, number>();
  const noteStarts = (): void => {
    for (const [id, at] of simulation.startedAtSeconds) if (!firstStarts.has(id)) firstStarts.set(id, at);
  };
  const used = { cpuMillis: 0, memoryMib: 0, gpuMillis: 0 };
  const had = { ...used };
  simulation.onInterval = (since, until, running) => {
    noteStarts();
    const { capacity } = stateAt(states, since);
    for (const name of RESOURCES) {
      used[name] += running.reduce((sum, { request }) => sum + request[name], 0) * (until - since);
      had[name] += capacity[name] * (until - since);
    }
  };
  simulation.run(to, undefined, from);
  noteStarts();
  const waits = simulated
    .filter(({ runsSinceSeconds }) => runsSinceSeconds === undefined)
    .map(({ id, arrivesAtSeconds }) => ({ id, wait: (firstStarts.get(id) ?? NaN) - arrivesAtSeconds }));
  const submitters = new Map(history.deployments.map(({ id, submittedBy }) => [id, submittedBy]));
  const byMember = Map.groupBy(waits, ({ id }) => submitters.get(id) ?? '');
  return {
    ...waitsOf(waits),
    neverStarted: waits.filter(({ wait }) => Number.isNaN(wait)).length,
    utilization: Object.fromEntries(
      RESOURCES.filter((name) => had[name] > 0).map((name) => [
        name,
        Math.round((used[name] / had[name]) * 1_000) / 1_000,
      ]),
    ),
    promises: promisesOf(simulation, firstStarts),
    preempted: simulation.evictions.length,
    byMember: Object.fromEntries(Array.from(byMember, ([member, list]) => [member, waitsOf(list)])),
  };
}

/** Promises that were made, and those that stood when they were over; one that was withdrawn or moved for a recorded cause no longer binds. */
function promisesOf({ events }: Simulation, starts: ReadonlyMap<string, number>): HistoryFigures['promises'] {
  const standing = new Map<string, number>();
  let made = 0;
  for (const { event } of events) {
    const { id, kind, promisedAtMs } = event;
    if (kind === 'promised') made++;
    if (kind === 'withdrawn' || kind === 'gathering') standing.delete(id);
    else if (promisedAtMs !== null && kind !== 'started') standing.set(id, promisedAtMs / 1_000);
  }
  const late = [...standing].filter(([id, at]) => (starts.get(id) ?? -Infinity) > at);
  return { made, late: late.length };
}

/** The waits that really were, of those that started. */
export function recordedWaits({ deployments, fromMs }: History): Waits {
  return waitsOf(
    deployments
      .filter(({ scheduledAtMs }) => scheduledAtMs === null || scheduledAtMs >= fromMs)
      .map(({ id, queuedAtMs, scheduledAtMs }) => ({
        id,
        wait: scheduledAtMs === null ? NaN : (scheduledAtMs - queuedAtMs) / 1_000,
      })),
  );
}

interface State {
  readonly atSeconds: number;
  readonly capacity: ResourceAmounts;
  readonly isCordoned: boolean;
}

/** The capacity and the cordon over time, one entry for each change. */
function statesOf(snapshots: readonly [Seen, ...Seen[]], more: Partial<ResourceAmounts>): [State, ...State[]] {
  const toState = ({ nowMs, capacity, isCordoned }: Seen): State => ({
    atSeconds: Math.floor(nowMs / 1_000),
    capacity: ResourceVector.from((name) => capacity[name] + (more[name] ?? 0)).toAmounts(),
    isCordoned,
  });
  const states: [State, ...State[]] = [toState(snapshots[0])];
  for (const state of snapshots.map(toState)) {
    const { capacity, isCordoned } = states.at(-1) ?? state;
    const isSame =
      isCordoned === state.isCordoned && RESOURCES.every((name) => capacity[name] === state.capacity[name]);
    if (!isSame) states.push(state);
  }
  return states;
}

/** The state at a time; before the first, that one. */
function stateAt(states: readonly [State, ...State[]], seconds: number): State {
  return states.findLast(({ atSeconds }) => atSeconds <= seconds) ?? states[0];
}

function toSimulated(one: DeploymentHistory, from: number, to: number): SimulatedDeployment {
  const { id, priority, cpuMillis, memoryMib, gpuMillis, maxRuntimeSeconds, isPreemptible } = one;
  const [queued, scheduled, ended] = [one.queuedAtMs, one.scheduledAtMs, one.endedAtMs].map((ms) =>
    ms === null ? null : Math.floor(ms / 1_000),
  ) as [number, number | null, number | null];
  const ran = Math.max(1, (ended ?? to) - (scheduled ?? to));
  return {
    id,
    priority,
    request: { cpuMillis, memoryMib, gpuMillis },
    arrivesAtSeconds: queued,
    declaredSeconds: maxRuntimeSeconds,
    takesSeconds: ended !== null && scheduled !== null ? ran : Math.max(ran, maxRuntimeSeconds ?? 0),
    isPreemptible,
    ...(scheduled !== null && scheduled < from ? { runsSinceSeconds: scheduled } : {}),
    ...(scheduled === null && ended !== null ? { leavesAtSeconds: ended } : {}),
  };
}

function waitsOf(list: readonly { readonly wait: number }[]): Waits {
  const sorted = list.flatMap(({ wait }) => (Number.isNaN(wait) ? [] : [wait])).sort((a, b) => a - b);
  const quantile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const mean = sorted.reduce((sum, wait) => sum + wait, 0) / Math.max(1, sorted.length);
  return { started: sorted.length, mean, p50: quantile(0.5), p95: quantile(0.95), max: sorted.at(-1) ?? 0 };
}
