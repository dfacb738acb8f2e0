import type { ResourceAmounts } from '#kernel';

import { expectEndMs } from '../planning/expectation.js';
import { plan } from '../planning/plan.js';
import type { Plan, PlanningPolicy, ReservationEvent, RunningGroup, Snapshot, WaitingShape } from '../types.js';
import { isSameShape, ownedReservation } from '../reservation.js';
import { verify } from '../proof/verify.js';

/** A deployment with the time that it really takes, which the planner does not see. */
export interface SimulatedDeployment {
  readonly id: string;
  readonly priority: number;
  readonly request: ResourceAmounts;
  readonly arrivesAtSeconds: number;
  readonly declaredSeconds: number | null;
  readonly takesSeconds: number;
  readonly isPreemptible?: boolean;
  /** It leaves the queue then, unless it has started. */
  readonly leavesAtSeconds?: number;
  /** It ran already when the simulation begins, since then. */
  readonly runsSinceSeconds?: number;
  /** How long it takes to stop once asked, if it is given the time; as long as the grace where nothing is said. */
  readonly stopsInSeconds?: number;
}

/** One deployment that is preempted in a pass. */
export interface Eviction {
  readonly atSeconds: number;
  readonly id: string;
  readonly priority: number;
  /** Whose shape makes it necessary. */
  readonly by: WaitingShape;
}

/** More passes at one moment than this mean a loop. */
const MOST_PASSES = 200;

/** What has started: since when, and from when on its resources are back if it is terminating. */
interface Run {
  readonly deployment: SimulatedDeployment;
  readonly sinceSeconds: number;
  readonly stopping: { readonly stopsAtSeconds: number; readonly graceEndsAtSeconds: number } | null;
}

/** A small world in which time passes: arrivals, ends, and passes whenever something happened or the plan asked for one. */
export class Simulation {
  readonly startedAtSeconds = new Map<string, number>();
  readonly events: { readonly atSeconds: number; readonly event: ReservationEvent }[] = [];
  /** Every promise that was ever given, first one first. */
  readonly promises = new Map<string, number[]>();
  readonly evictions: Eviction[] = [];
  /** Those that ended by themselves, in order. */
  readonly done: string[] = [];
  /** What the cluster has at a time. */
  capacityAt: (seconds: number) => ResourceAmounts;
  /** Whether nothing may start at a time. */
  isCordonedAt: (seconds: number) => boolean = () => false;
  /** When capacity or cordon change. */
  changesAtSeconds: readonly number[] = [];
  /** Called before time advances, with what runs until then. */
  onInterval: (fromSeconds: number, toSeconds: number, running: readonly SimulatedDeployment[]) => void = () =>
    undefined;
  /** How many of each shape, the oldest, are named. */
  names = Infinity;
  /** Sees every pass: what it was given, and what it decided. */
  onPass: (snapshot: Snapshot, result: Plan) => void = () => undefined;
  private readonly pending: SimulatedDeployment[];
  /** What waits, by shape, the oldest first. */
  private readonly queue = new Map<string, SimulatedDeployment[]>();
  private running: Run[] = [];
  private reservations: Snapshot['reservations'] = [];
  private gatherAfterMs: number | null = null;
  /** When undeclared runs were expected to end as the gathering began that is in force. */
  private gathered: ReadonlyMap<string, number> | null = null;
  private wakeAtSeconds: number | null = null;

  constructor(
    capacity: ResourceAmounts,
    private readonly policy: PlanningPolicy,
    deployments: readonly SimulatedDeployment[],
    private readonly isVerified = false,
  ) {
    this.capacityAt = () => capacity;
    const isRunning = ({ runsSinceSeconds }: SimulatedDeployment): boolean => runsSinceSeconds !== undefined;
    this.pending = deployments.filter((one) => !isRunning(one)).sort((a, b) => a.arrivesAtSeconds - b.arrivesAtSeconds);
    this.running = deployments.filter(isRunning).map((deployment) => {
      return { deployment, sinceSeconds: deployment.runsSinceSeconds ?? 0, stopping: null };
    });
  }

  /** Runs until nothing is left to happen, the time is up, or the deployment that matters has started. */
  run(untilSeconds: number, untilStarted?: string, fromSeconds = 0): this {
    let last = fromSeconds;
    for (let now = this.nextTime(fromSeconds - 1); now !== null && now <= untilSeconds; now = this.nextTime(now)) {
      this.onInterval(
        last,
        now,
        this.running.map(({ deployment }) => deployment),
      );
      last = now;
      if (untilStarted !== undefined && this.startedAtSeconds.has(untilStarted)) break;
      this.settle(now);
      for (let passes = 1; this.pass(now); passes++) {
        if (passes === MOST_PASSES) throw new Error(`at ${now}: ${passes} passes, each of which asked for another one`);
      }
    }
    return this;
  }

  /** What a pass would see at a time at which nothing more has happened than what has been played. */
  seenAt(now: number): Snapshot {
    return this.snapshot(now, [...this.queue.values()]);
  }

  private nextTime(after: number): number | null {
    const times = [
      ...(this.pending[0] === undefined ? [] : [this.pending[0].arrivesAtSeconds]),
      ...this.running.map(endOf),
      ...this.leaving(),
      ...this.changesAtSeconds,
      ...(this.wakeAtSeconds === null ? [] : [this.wakeAtSeconds]),
    ].filter((time) => time > after);
    return times.length === 0 ? null : Math.min(...times);
  }

  private settle(now: number): void {
    const over = this.running.filter((run) => endOf(run) <= now);
    this.running = this.running.filter((run) => !over.includes(run));
    for (const run of over) {
      const { deployment, sinceSeconds } = run;
      if (run.stopping === null || sinceSeconds + deployment.takesSeconds <= now) this.done.push(deployment.id);
      else this.enqueue(deployment);
    }
    while (this.pending[0] !== undefined && this.pending[0].arrivesAtSeconds <= now) {
      this.enqueue(this.pending.shift()!);
    }
    this.dequeue(({ leavesAtSeconds = Infinity }) => leavesAtSeconds <= now);
  }

  /** When what waits leaves the queue. */
  private leaving(): number[] {
    return [...this.queue.values()].flat().flatMap(({ leavesAtSeconds }) => leavesAtSeconds ?? []);
  }

  private enqueue(deployment: SimulatedDeployment): void {
    const { priority, request, declaredSeconds } = deployment;
    const key = JSON.stringify([priority, request, declaredSeconds]);
    const group = this.queue.get(key) ?? [];
    const after = group.findLastIndex((other) => compareAge(other, deployment) < 0);
    this.queue.set(key, group.toSpliced(after + 1, 0, deployment));
  }

  private dequeue(isGone: (deployment: SimulatedDeployment) => boolean): void {
    for (const [key, group] of this.queue) {
      if (!group.some(isGone)) continue;
      const rest = group.filter((deployment) => !isGone(deployment));
      if (rest.length > 0) this.queue.set(key, rest);
      else this.queue.delete(key);
    }
  }

  /** Reservations as far as their owners wait. */
  private reserved(): Snapshot['reservations'] {
    const waiting = [...this.queue.values()];
    const ids = new Set(waiting.flat().map(({ id }) => id));
    return this.reservations.flatMap((one): Snapshot['reservations'] => {
      if (one.state !== 'nominated') return ids.has(one.id) ? [one] : [];
      const group = waiting.find(([first]) => first !== undefined && isSameShape(shapeOf(first), one));
      return group === undefined ? [] : [{ ...one, count: Math.min(one.count, group.length) }];
    });
  }

  /** One pass; whether another one is due at once. */
  private pass(now: number): boolean {
    const groups = [...this.queue.values()];
    const snapshot = this.snapshot(now, groups);
    const result = plan(snapshot, { withProof: this.isVerified });
    if (this.isVerified) {
      const verdict = verify(snapshot, result);
      if (!verdict.isAccepted) throw new Error(`at ${now}: ${verdict.reason}`);
    }
    this.onPass(snapshot, result);
    this.apply(now, groups, result);
    return result.wakeAtMs !== null && result.wakeAtMs <= now * 1000;
  }

  private snapshot(now: number, groups: readonly SimulatedDeployment[][]): Snapshot {
    return {
      capacity: this.capacityAt(now),
      nowMs: Math.round(now * 1000),
      policy: this.policy,
      isCordoned: this.isCordonedAt(now),
      running: this.running.map((run) => this.toGroup(run, now)),
      waiting: groups.map((group) => toShape(group, this.names)),
      reservations: this.reserved(),
      gatherAfterMs: this.gatherAfterMs,
    };
  }

  private toGroup({ deployment, sinceSeconds, stopping }: Run, now: number): RunningGroup {
    const { id, priority, request, declaredSeconds, isPreemptible } = deployment;
    const expectedEndMs = this.gathered === null ? expectEndMs(sinceSeconds * 1000, now * 1000) : this.gathered.get(id);
    const group = {
      priority,
      resources: request,
      count: 1,
      ...(declaredSeconds === null ? { expectedEndMs: expectedEndMs ?? null } : {}),
    };
    if (stopping !== null) return { ...group, endsAtMs: stopping.graceEndsAtSeconds * 1000, isTerminating: true };
    const endsAtMs = declaredSeconds === null ? null : (sinceSeconds + declaredSeconds) * 1000;
    if (isPreemptible !== true) return { ...group, endsAtMs };
    const preemptions = this.evictions.filter((eviction) => eviction.id === id).length;
    return { ...group, endsAtMs, preemptible: { id, sinceMs: sinceSeconds * 1000, preemptions, stopsAtOnce: false } };
  }

  /** Gives up what a plan says: at once, or when it has stopped. */
  private evict(now: number, groups: readonly SimulatedDeployment[][], result: Plan): void {
    const grace = this.policy.stopGraceSeconds;
    const victims = new Map(result.preempt.map((victim) => [victim.group, victim]));
    const before = this.running;
    this.running = before.flatMap((run, index): Run[] => {
      const victim = victims.get(index);
      if (victim === undefined) return [run];
      const { deployment } = run;
      if (deployment.id !== victim.id) throw new Error(`${victim.id} is not ${deployment.id}`);
      this.evictions.push({
        atSeconds: now,
        id: victim.id,
        priority: deployment.priority,
        by: toShape(groups[victim.by] ?? [], this.names),
      });
      this.startedAtSeconds.delete(victim.id);
      const graceEndsAtSeconds = now + grace;
      const stopsAtSeconds = now + Math.min(grace, deployment.stopsInSeconds ?? grace);
      return grace === 0 ? [] : [{ ...run, stopping: { stopsAtSeconds, graceEndsAtSeconds } }];
    });
    if (grace > 0) return;
    for (const { deployment } of before.filter((_, index) => victims.has(index))) this.enqueue(deployment);
  }

  /** What runs as a gathering begins keeps the end that is expected then. */
  private gatheredAfter(now: number, seen: readonly Run[], { reservations }: Plan): ReadonlyMap<string, number> | null {
    if (ownedReservation(reservations)?.state !== 'gathering') return null;
    return (
      this.gathered ?? new Map(seen.map((run) => [run.deployment.id, expectEndMs(run.sinceSeconds * 1000, now * 1000)]))
    );
  }

  private apply(now: number, groups: readonly SimulatedDeployment[][], result: Plan): void {
    const seen = [...this.running];
    this.evict(now, groups, result);
    for (const { shape, count, includes } of result.place) {
      const group = groups[shape] ?? [];
      const named = group.filter(({ id }) => includes.includes(id));
      const others = group.filter(({ id }) => !includes.includes(id)).slice(0, count - named.length);
      for (const deployment of [...named, ...others]) {
        this.startedAtSeconds.set(deployment.id, now);
        this.running.push({ deployment, sinceSeconds: now, stopping: null });
      }
    }
    if (result.place.length > 0) this.dequeue(({ id }) => this.startedAtSeconds.has(id));
    for (const event of result.reservationEvents) this.events.push({ atSeconds: now, event });
    this.reservations = result.reservations;
    this.gatherAfterMs = result.gatherAfterMs;
    this.gathered = this.gatheredAfter(now, seen, result);
    this.wakeAtSeconds = result.wakeAtMs === null ? null : result.wakeAtMs / 1000;
    const owned = ownedReservation(result.reservations);
    if (owned?.state === 'promised') {
      const { id, untilMs } = owned;
      this.promises.set(id, [...(this.promises.get(id) ?? []), untilMs / 1000]);
    }
  }
}

/** When a run's resources come back. */
function endOf({ deployment, sinceSeconds, stopping }: Run): number {
  const endsAtSeconds = sinceSeconds + deployment.takesSeconds;
  return stopping === null ? endsAtSeconds : Math.min(endsAtSeconds, stopping.stopsAtSeconds);
}

function compareAge(a: SimulatedDeployment, b: SimulatedDeployment): number {
  return a.arrivesAtSeconds - b.arrivesAtSeconds || (a.id < b.id ? -1 : 1);
}

function shapeOf({ priority, request, declaredSeconds }: SimulatedDeployment) {
  return { priority, request, maxRuntimeSeconds: declaredSeconds };
}

function toShape(group: readonly SimulatedDeployment[], names: number): WaitingShape {
  const heads = group.slice(0, names).map(({ id, arrivesAtSeconds }) => ({ id, queuedAtMs: arrivesAtSeconds * 1000 }));
  const { priority, request, declaredSeconds } = group[0]!;
  const [oldest, ...followers] = heads;
  return {
    priority,
    request,
    maxRuntimeSeconds: declaredSeconds,
    count: group.length,
    oldest: oldest!,
    followers,
  };
}
