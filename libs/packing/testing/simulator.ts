import type { ResourceAmounts } from '#kernel';

import { plan } from '../plan.js';
import type { Plan, PlanningPolicy, ReservationEvent, Snapshot, StandingReservation, WaitingShape } from '../types.js';
import { verify } from '../verify.js';

/** A deployment with the time that it really takes, which the planner does not see. */
export interface SimulatedDeployment {
  readonly id: string;
  readonly priority: number;
  readonly request: ResourceAmounts;
  readonly arrivesAtSeconds: number;
  readonly declaredSeconds: number | null;
  readonly takesSeconds: number;
}

/** A small world in which time passes: arrivals, ends, and passes whenever something happened or the plan asked for one. */
export class Simulation {
  readonly startedAtSeconds = new Map<string, number>();
  readonly events: { readonly atSeconds: number; readonly event: ReservationEvent }[] = [];
  /** Every promise that anybody was ever given, first one first. */
  readonly promises = new Map<string, number[]>();
  /** What the cluster has at a time. */
  capacityAt: (seconds: number) => ResourceAmounts;
  /** Sees every pass: what it was given, and what it decided. */
  onPass: (snapshot: Snapshot, result: Plan) => void = () => undefined;
  private readonly pending: SimulatedDeployment[];
  private queue: SimulatedDeployment[] = [];
  private running: SimulatedDeployment[] = [];
  private reservation: StandingReservation | null = null;
  private wakeAtSeconds: number | null = null;

  constructor(
    capacity: ResourceAmounts,
    private readonly policy: PlanningPolicy,
    deployments: readonly SimulatedDeployment[],
    private readonly isVerified = false,
  ) {
    this.capacityAt = () => capacity;
    this.pending = deployments.toSorted((a, b) => a.arrivesAtSeconds - b.arrivesAtSeconds);
  }

  /** Runs until nothing is left to happen, the time is up, or the deployment that matters has started. */
  run(untilSeconds: number, untilStarted?: string): this {
    for (let now = this.nextTime(-1); now !== null && now <= untilSeconds; now = this.nextTime(now)) {
      if (untilStarted !== undefined && this.startedAtSeconds.has(untilStarted)) break;
      this.settle(now);
      for (let passes = 0; passes < 20; passes++) {
        if (!this.pass(now)) break;
      }
    }
    return this;
  }

  /** What a pass would see at a time at which nothing more has happened than what has been played. */
  seenAt(now: number): Snapshot {
    return this.snapshot(now, this.groupQueue());
  }

  private nextTime(after: number): number | null {
    const times = [
      ...(this.pending[0] === undefined ? [] : [this.pending[0].arrivesAtSeconds]),
      ...this.running.map((deployment) => this.endOf(deployment)),
      ...(this.wakeAtSeconds === null ? [] : [this.wakeAtSeconds]),
    ].filter((time) => time > after);
    return times.length === 0 ? null : Math.min(...times);
  }

  private endOf({ id, takesSeconds }: SimulatedDeployment): number {
    return (this.startedAtSeconds.get(id) ?? 0) + takesSeconds;
  }

  private settle(now: number): void {
    this.running = this.running.filter((deployment) => this.endOf(deployment) > now);
    while (this.pending[0] !== undefined && this.pending[0].arrivesAtSeconds <= now) {
      this.queue.push(this.pending.shift() as SimulatedDeployment);
    }
  }

  /** One pass; whether another one is due at once. */
  private pass(now: number): boolean {
    const groups = this.groupQueue();
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

  private groupQueue(): SimulatedDeployment[][] {
    const groups = new Map<string, SimulatedDeployment[]>();
    for (const deployment of this.queue) {
      const { priority, request, declaredSeconds } = deployment;
      const key = JSON.stringify([priority, request, declaredSeconds]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [deployment]);
      else group.push(deployment);
    }
    const byAge = (a: SimulatedDeployment, b: SimulatedDeployment): number =>
      a.arrivesAtSeconds - b.arrivesAtSeconds || (a.id < b.id ? -1 : 1);
    return Array.from(groups.values(), (group) => group.sort(byAge));
  }

  private snapshot(now: number, groups: readonly SimulatedDeployment[][]): Snapshot {
    return {
      capacity: this.capacityAt(now),
      nowMs: now * 1000,
      policy: this.policy,
      isCordoned: false,
      running: this.running.map(({ id, priority, request, declaredSeconds }) => ({
        priority,
        resources: request,
        count: 1,
        endsAtMs: declaredSeconds === null ? null : ((this.startedAtSeconds.get(id) ?? 0) + declaredSeconds) * 1000,
      })),
      waiting: groups.map(toShape),
      reservation: this.reservation,
    };
  }

  private apply(now: number, groups: readonly SimulatedDeployment[][], result: Plan): void {
    for (const { shape, count, includes } of result.place) {
      const group = groups[shape] ?? [];
      const named = group.filter(({ id }) => includes.includes(id));
      const others = group.filter(({ id }) => !includes.includes(id)).slice(0, count - named.length);
      for (const deployment of [...named, ...others]) {
        this.startedAtSeconds.set(deployment.id, now);
        this.running.push(deployment);
      }
    }
    this.queue = this.queue.filter(({ id }) => !this.startedAtSeconds.has(id));
    for (const event of result.reservationEvents) this.events.push({ atSeconds: now, event });
    this.reservation = result.reservation;
    this.wakeAtSeconds = result.wakeAtMs === null ? null : result.wakeAtMs / 1000;
    if (result.reservation?.state === 'promised') {
      const { id, promisedAtMs } = result.reservation;
      this.promises.set(id, [...(this.promises.get(id) ?? []), (promisedAtMs as number) / 1000]);
    }
  }
}

function toShape(group: readonly SimulatedDeployment[]): WaitingShape {
  const heads = group.map(({ id, arrivesAtSeconds }) => ({ id, queuedAtMs: arrivesAtSeconds * 1000 }));
  const { priority, request, declaredSeconds } = group[0] as SimulatedDeployment;
  const [oldest, ...followers] = heads;
  return {
    priority,
    request,
    maxRuntimeSeconds: declaredSeconds,
    count: group.length,
    oldest: oldest as (typeof heads)[number],
    followers,
  };
}
