import { FixedRandom } from '../solver/random.js';
import type { Snapshot } from '../types.js';
import { forecast, type RealEnds } from './forecast.js';
import { keyOf, type QueuePosition } from './places.js';

/** How long runs took that are like what runs and waits, beside what is declared. */
export interface KnownRuntimes {
  /** Lists of seconds, to which the others refer by index. */
  readonly histories: readonly (readonly number[])[];
  /** By the index of a running group: its members of which something is known. */
  readonly running: readonly (readonly { readonly sinceMs: number; readonly history: number }[])[];
  /** By id: what waits, as far as something is known of it. */
  readonly waiting: ReadonlyMap<string, number>;
}

/** A start that is as likely to come earlier as later: milliseconds from the snapshot's moment; null: not known. */
export type LikelyWait = number | null;

/** How futures are drawn. */
export interface LikelyOptions {
  /** Asked between two passes; once true, the futures that were played to their end are all that count. */
  readonly shouldStop?: () => boolean;
  readonly futures?: number;
  readonly seesFollowers?: boolean;
}

const FUTURES = 10;

/** Of fewer futures none is the middle. */
const LEAST_FUTURES = 3;

/** What has run longer than all that are like it runs half as long again. */
const MORE = 1.5;

/**
 * The likely waits of deployments: the middle of some futures. In each of them everything runs as long as one that was like it, drawn from
 * what is known; plans are made by declared runtimes, as passes make them. The same snapshot draws the same futures.
 */
export function likelyWaits(
  snapshot: Snapshot,
  positions: readonly QueuePosition[],
  known: KnownRuntimes,
  { shouldStop = () => false, futures = FUTURES, seesFollowers = false }: LikelyOptions = {},
): readonly LikelyWait[] {
  const waits: (number | null)[][] = positions.map(() => []);
  for (let future = 1; future <= futures && !shouldStop(); future++) {
    const ends = drawn(snapshot, known, new FixedRandom(future));
    const { etas, horizonMs } = forecast(snapshot, positions, { shouldStop, seesFollowers, ends });
    if (horizonMs !== null && shouldStop()) break;
    etas.forEach(({ atMs }, index) => waits[index]!.push(atMs === null ? null : atMs - snapshot.nowMs));
  }
  return waits.map(middleOf);
}

/** The middle of the waits; a start that a future does not reach is later than all others. */
function middleOf(waits: readonly (number | null)[]): LikelyWait {
  if (waits.length < LEAST_FUTURES) return null;
  const sorted = waits.map((wait) => wait ?? Infinity).sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1]!, sorted[sorted.length >> 1]!];
  return high === Infinity ? null : Math.round((low + high) / 2);
}

/** One future's runtimes. */
function drawn(snapshot: Snapshot, { histories, running, waiting }: KnownRuntimes, random: FixedRandom): RealEnds {
  const ofShape = new Map(snapshot.waiting.map((shape) => [keyOf(shape), waiting.get(shape.oldest.id)] as const));
  const draw = (history: number | undefined): number | null => {
    const runs = history === undefined ? [] : (histories[history] ?? []);
    return runs.length === 0 ? null : runs[random.below(runs.length)]!;
  };
  const ends = running.map((members) =>
    members.flatMap(({ sinceMs, history }) => {
      const runs = histories[history] ?? [];
      // Without anything like it, it runs as declared, or without end.
      if (runs.length === 0) return [];
      const ranMs = snapshot.nowMs - sinceMs;
      const longer = runs.filter((seconds) => seconds * 1000 > ranMs);
      if (longer.length > 0) return [{ atMs: sinceMs + longer[random.below(longer.length)]! * 1000, isDrawn: true }];
      return [{ atMs: snapshot.nowMs + Math.max(1_000, Math.round(ranMs * (MORE - 1))), isDrawn: false }];
    }),
  );
  return {
    ofGroup: (group, endsAtMs) =>
      (ends[group] ?? []).map(({ atMs, isDrawn }) => {
        if (!isDrawn && endsAtMs !== null) return endsAtMs;
        return Math.max(snapshot.nowMs + 1, Math.min(atMs, endsAtMs ?? Infinity));
      }),
    secondsOf: (shape, id) => draw((id === undefined ? undefined : waiting.get(id)) ?? ofShape.get(keyOf(shape))),
  };
}
