import { plan } from '../planning/plan.js';
import { allocationOf } from '../planning/timeline.js';
import type { Plan, Preemptible, RunningGroup, Snapshot, WaitingMember, WaitingShape } from '../types.js';
import { keyOf, type QueuePosition } from './places.js';
import { exceedsCapacity, compareAge } from '../rows.js';

/** Passes that may follow each other at one moment. */
const MAX_AT_ONCE = 100;

const DEFAULT_PASSES = 20_000;

/** How a forecast is made. */
export interface ForecastOptions {
  /** Asked between two passes and while one is planned; once true, the forecast ends where it is. */
  readonly shouldStop?: () => boolean;
  readonly maxPasses?: number;
  /** Passes know all names of a shape, not the oldest alone: true offline, false in the service. */
  readonly seesFollowers?: boolean;
  /** When things really end in this future; absent: as they declared. Plans are made by what is declared in any case. */
  readonly ends?: RealEnds;
}

/** When things end in one future, as far as that is known; otherwise when they declared. */
export interface RealEnds {
  /** When members of a running group (index into `snapshot.running`) end, at most as many as it counts. */
  ofGroup(group: number, endsAtMs: number | null): readonly number[];
  /** How long one that starts will run, in seconds; asked once for each that starts. `id`: where it is known. */
  secondsOf(shape: WaitingShape, id: string | undefined): number | null;
}

/** What runs in a future: the planner is told when it ends as it declared. */
interface PlayedGroup extends RunningGroup {
  readonly reallyEndsAtMs?: number;
}

/** Why a forecast knows no time for a deployment. */
export type NoForecast =
  /** It asks for more than the cluster has. */
  | 'too-large'
  /** Nothing starts here for now. */
  | 'stopped'
  /** Of what would have to end first, something does not declare when. */
  | 'runtimes-undeclared'
  /** The forecast ended before it started: see the horizon. */
  | 'horizon';

/** When a deployment starts, if nothing else happens than what is known now. */
export type Eta = { readonly atMs: number } | { readonly atMs: null; readonly reason: NoForecast };

/** What would happen if nothing were submitted, and everything ended when it declared. */
export interface Forecast {
  /** In the order of the standings that were asked for. */
  readonly etas: readonly Eta[];
  /** How far the forecast reaches: nothing is known from then on. null: it was cut nowhere. */
  readonly horizonMs: number | null;
  readonly passes: number;
}

/**
 * Plays the future with the planner itself: pass after pass, at every moment at which something ends or a plan asked to be woken.
 *
 * What has not declared its runtime runs for ever. Shapes should name as many of their deployments (`followers`) as may start: where
 * the oldest is not known and that matters, the forecast ends.
 */
export function forecast(
  snapshot: Snapshot,
  positions: readonly QueuePosition[],
  options: ForecastOptions = {},
): Forecast {
  const { shouldStop = (): boolean => false, maxPasses = DEFAULT_PASSES } = options;
  const future = new Future(snapshot, positions, options.seesFollowers ?? false, options.ends);
  let passes = 0;
  while (!future.isOver()) {
    if (passes === maxPasses || (passes > 0 && shouldStop()) || !future.pass(shouldStop)) {
      return { etas: future.etas('horizon'), horizonMs: future.nowMs, passes };
    }
    passes++;
  }
  return { etas: future.etas('runtimes-undeclared'), horizonMs: null, passes };
}

/** Waiting deployments of one shape, as the future consumes them. */
interface Line {
  readonly shape: WaitingShape;
  count: number;
  /** Oldest first, as far as they are known. */
  known: WaitingMember[];
}

/** A deployment whose start is predicted. */
interface Awaited {
  readonly position: QueuePosition;
  readonly key: string;
  /** How many of its shape start before it. */
  older: number;
  atMs: number | null;
}

class Future {
  nowMs: number;
  private readonly lines: Line[];
  private running: PlayedGroup[];
  private readonly awaited: Awaited[];
  private reservations: Snapshot['reservations'];
  private gatherAfterMs: number | null;
  /** Victims as they wait again, and when they have stopped. */
  private returning: { readonly shape: WaitingShape; readonly atMs: number }[];
  private isSettled = false;
  private atOnce = 0;

  constructor(
    private readonly snapshot: Snapshot,
    positions: readonly QueuePosition[],
    private readonly seesFollowers: boolean,
    private readonly ends?: RealEnds,
  ) {
    const { nowMs, waiting, reservations, gatherAfterMs = null } = snapshot;
    this.nowMs = nowMs;
    this.lines = waiting.map((shape) => ({
      shape,
      count: shape.count,
      known: [shape.oldest, ...(shape.followers ?? [])],
    }));
    this.running = snapshot.running.flatMap((group, index) =>
      withRealEnds(
        group.endsAtMs !== null && group.endsAtMs <= nowMs ? { ...group, endsAtMs: null } : group,
        (endsAtMs) => ends?.ofGroup(index, endsAtMs),
      ),
    );
    this.returning = snapshot.running.flatMap(({ priority, resources, endsAtMs, returns }) => {
      if (returns === undefined || endsAtMs === null) return [];
      const { maxRuntimeSeconds, ...oldest } = returns;
      return [{ shape: { priority, request: resources, maxRuntimeSeconds, count: 1, oldest }, atMs: endsAtMs }];
    });
    this.awaited = positions.map((position) => ({
      position,
      key: keyOf(waiting[position.shape]!),
      older: position.older,
      atMs: null,
    }));
    this.reservations = reservations;
    this.gatherAfterMs = gatherAfterMs;
  }

  /** Whether there is nothing more to be known: all have started, or nothing will ever change. */
  isOver(): boolean {
    return this.isSettled || this.awaited.every(({ atMs, position }) => atMs !== null || this.isHopeless(position));
  }

  etas(otherwise: NoForecast): Eta[] {
    return this.awaited.map(({ atMs, position }) => {
      if (atMs !== null) return { atMs };
      if (this.isTooLarge(position)) return { atMs, reason: 'too-large' };
      return { atMs, reason: this.snapshot.isCordoned ? 'stopped' : otherwise };
    });
  }

  /** One pass, and on to the next moment. @returns false where its plan was stopped, or depends on names that are not known */
  pass(shouldStop: () => boolean): boolean {
    this.takeBack();
    const lines = this.lines.filter(({ count }) => count > 0);
    const needsNames = this.snapshot.policy.reserveAfterSeconds !== null;
    if (needsNames && lines.some(({ known }) => known.length === 0)) return false;
    const result = plan(this.snapshotOf(lines), { shouldStop });
    if (result.certificate.stopped === 'deadline') return false;
    this.giveUp(result);
    for (const { shape, count, includes } of result.place) this.start(lines[shape]!, count, includes);
    this.reservations = result.reservations;
    this.gatherAfterMs = result.gatherAfterMs;
    this.goOn(result);
    return true;
  }

  /** Victims wait again, with the age that is known: how long they waited before they ran is not. */
  private giveUp({ preempt }: Plan): void {
    const graceMs = this.snapshot.policy.stopGraceSeconds * 1000;
    const gone = new Map(preempt.map((victim) => [victim.group, victim]));
    this.running = this.running.flatMap((group, index): RunningGroup[] => {
      const { preemptible } = group;
      if (!gone.has(index) || preemptible === undefined) return [group];
      const isAtOnce = preemptible.stopsAtOnce || graceMs === 0;
      const atMs = isAtOnce ? this.nowMs : this.nowMs + graceMs;
      this.returning.push({ shape: givenUp(group, preemptible), atMs });
      const { priority, resources, count } = group;
      return isAtOnce ? [] : [{ priority, resources, count, endsAtMs: atMs, isTerminating: true }];
    });
  }

  /** Brings back into the queue what has stopped by now. */
  private takeBack(): void {
    for (const { shape, atMs } of this.returning) {
      if (atMs > this.nowMs) continue;
      const line = this.lines.find((other) => keyOf(other.shape) === keyOf(shape));
      if (line === undefined) this.lines.push({ shape, count: 1, known: [shape.oldest] });
      else this.rejoin(line, shape.oldest);
    }
    this.returning = this.returning.filter(({ atMs }) => atMs > this.nowMs);
  }

  /** Among those whose names are known it takes its place; behind them, it is one of the unknown. */
  private rejoin(line: Line, head: WaitingMember): void {
    const isAllKnown = line.known.length === line.count;
    const position = line.known.findIndex((other) => compareAge(head, other) < 0);
    if (position >= 0) line.known.splice(position, 0, head);
    else if (isAllKnown) line.known.push(head);
    line.count++;
    const key = keyOf(line.shape);
    for (const awaited of this.awaited) {
      if (awaited.atMs === null && awaited.key === key && compareAge(head, awaited.position) < 0) awaited.older++;
    }
  }

  private isHopeless(position: QueuePosition): boolean {
    return this.snapshot.isCordoned || this.isTooLarge(position);
  }

  private isTooLarge({ shape }: QueuePosition): boolean {
    return exceedsCapacity(this.snapshot, this.snapshot.waiting[shape]!);
  }

  private snapshotOf(lines: readonly Line[]): Snapshot {
    return {
      ...this.snapshot,
      nowMs: this.nowMs,
      running: this.running,
      reservations: this.reservations,
      gatherAfterMs: this.gatherAfterMs,
      waiting: lines.map(({ shape: { followers: _, ...shape }, count, known }) => {
        const [oldest = shape.oldest, ...followers] = known;
        const named = { ...shape, count, oldest };
        return this.seesFollowers ? { ...named, followers } : named;
      }),
    };
  }

  private start(line: Line, count: number, includes: readonly string[]): void {
    const { priority, request } = line.shape;
    this.awaitedStart(line, count, includes);
    const named = includes.length === 0 ? line.known : line.known.filter(({ id }) => !includes.includes(id));
    const started = [...includes, ...named.slice(0, count - includes.length).map(({ id }) => id)];
    line.known = named.slice(count - includes.length);
    line.count -= count;
    const { endsAtMs, expectedMs } = allocationOf(line.shape, count, this.nowMs);
    const group = { priority, resources: request, count, endsAtMs, expectedEndMs: expectedMs };
    this.running.push(...withRealEnds(group, () => this.drawnEnds(line.shape, started, count)));
  }

  /** When those that start now really end; none where that is as they declared. */
  private drawnEnds(shape: WaitingShape, started: readonly string[], count: number): number[] {
    const { ends } = this;
    if (ends === undefined) return [];
    const drawn = Array.from({ length: count }, (_, index) => ends.secondsOf(shape, started[index]));
    return drawn.flatMap((seconds) => (seconds === null ? [] : [this.nowMs + seconds * 1000]));
  }

  private awaitedStart(line: Line, count: number, includes: readonly string[]): void {
    const key = keyOf(line.shape);
    for (const awaited of this.awaited) {
      if (awaited.atMs !== null || awaited.key !== key) continue;
      const own = line.known.findIndex(({ id }) => id === awaited.position.id);
      const predecessors = includes.filter((id) => {
        const position = line.known.findIndex((head) => head.id === id);
        return position >= 0 && (own < 0 || position < own);
      }).length;
      awaited.older -= predecessors;
      const others = count - includes.length;
      if (includes.includes(awaited.position.id) || awaited.older < others) awaited.atMs = this.nowMs;
      else awaited.older -= others;
    }
  }

  private goOn({ wakeAtMs }: Plan): void {
    const isAtOnce = wakeAtMs !== null && wakeAtMs <= this.nowMs;
    if (isAtOnce && this.atOnce < MAX_AT_ONCE) {
      this.atOnce++;
      return;
    }
    this.atOnce = 0;
    let nextMs = wakeAtMs !== null && !isAtOnce ? wakeAtMs : Infinity;
    let nextEndMs = Infinity;
    for (const group of this.running) nextEndMs = Math.min(nextEndMs, endOf(group));
    nextMs = Math.min(nextMs, nextEndMs);
    if (nextMs === Infinity) {
      this.isSettled = true;
      return;
    }
    this.nowMs = nextMs;
    if (nextEndMs > nextMs) return;
    this.running = this.running.filter((group) => endOf(group) > nextMs);
  }
}

function endOf({ reallyEndsAtMs, endsAtMs }: PlayedGroup): number {
  return reallyEndsAtMs ?? endsAtMs ?? Infinity;
}

/** A group as parts that really end at different times; the rest of it as declared. What is stopping stays whole. */
function withRealEnds(
  group: RunningGroup,
  endsOf: (endsAtMs: number | null) => readonly number[] | undefined,
): PlayedGroup[] {
  const ends = group.isTerminating === true ? [] : (endsOf(group.endsAtMs) ?? []).slice(0, group.count);
  if (ends.length === 0) return [group];
  const parts: PlayedGroup[] = ends.map((reallyEndsAtMs) => ({ ...group, count: 1, reallyEndsAtMs }));
  return ends.length === group.count ? parts : [...parts, { ...group, count: group.count - ends.length }];
}

/** The shape of a victim that waits again. */
function givenUp({ priority, resources, endsAtMs }: RunningGroup, { id, sinceMs }: Preemptible): WaitingShape {
  const maxRuntimeSeconds = endsAtMs === null ? null : Math.max(1, Math.round((endsAtMs - sinceMs) / 1000));
  return { priority, request: resources, maxRuntimeSeconds, count: 1, oldest: { id, queuedAtMs: sinceMs } };
}
