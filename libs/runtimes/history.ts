import { type ResourceAmounts } from '#kernel';

/** A run as it is learned: of which member and image, with which request, and the runtime that it declared. */
export interface RunOf extends ResourceAmounts {
  readonly memberId: string;
  /** In normal form, without tag and digest: versions of a program run alike. */
  readonly image: string;
  /** null: not declared */
  readonly maxRuntimeSeconds: number | null;
}

/** The runs of one kind that are remembered, the latest first: later ones replace them. */
export const MAX_RUNS = 50;

/** With fewer runs a kind says nothing. */
export const LEAST_RUNS = 5;

/** A declared runtime in parts: a run is remembered as its share of what it declared, so that runs of different declarations compare. */
export const PARTS = 1_000_000;

/** The longest run that is remembered, in seconds. */
const MAX_SECONDS = 2_147_483_647;

/**
 * The kinds of runs to which one belongs, from the kind that is most alike to the kind of all. The first one describes it fully.
 *
 * What declared its runtime is learned apart from what did not: shares of the declared runtime there, seconds here.
 */
export function kindsOf(run: RunOf): readonly [full: string, ...others: string[]] {
  const { memberId, image, cpuMillis, memoryMib, gpuMillis, maxRuntimeSeconds } = run;
  const request = `${cpuMillis} ${memoryMib} ${gpuMillis}`;
  return maxRuntimeSeconds === null
    ? [`${memberId} ${request} undeclared ${image}`, `${memberId} undeclared`, requestKind(run), 'undeclared']
    : [
        `${memberId} ${request} ${maxRuntimeSeconds} ${image}`,
        `${memberId} ${maxRuntimeSeconds}`,
        `${memberId} declared`,
        'declared',
      ];
}

/** The kind of all runs with a request that declared no runtime. */
export function requestKind({ cpuMillis, memoryMib, gpuMillis }: ResourceAmounts): string {
  return `${cpuMillis} ${memoryMib} ${gpuMillis} undeclared`;
}

/** How long a run took, as its kinds remember it: in parts of the declared runtime, or in seconds where none was declared. */
export function remembered(ranSeconds: number, maxRuntimeSeconds: number | null): number {
  if (maxRuntimeSeconds === null) return Math.min(MAX_SECONDS, Math.max(1, Math.round(ranSeconds)));
  return Math.min(PARTS, Math.max(1, Math.round((ranSeconds / maxRuntimeSeconds) * PARTS)));
}

/** The seconds that a remembered run stands for, for a deployment that declares this. */
export function secondsOf(run: number, maxRuntimeSeconds: number | null): number {
  return maxRuntimeSeconds === null ? run : Math.max(1, Math.round((run * maxRuntimeSeconds) / PARTS));
}

/** The remembered runs that say most about a run: those of its first kind that has enough; none where no kind has. */
export function mostAlike(run: RunOf, runsOf: (kind: string) => readonly number[] | undefined): readonly number[] {
  for (const kind of kindsOf(run)) {
    const runs = runsOf(kind);
    if (runs !== undefined && runs.length >= LEAST_RUNS) return runs;
  }
  return [];
}

/** The middle of the runs that are remembered of a kind without declared runtimes, in seconds; null where they are too few. */
export function typicalSeconds(runs: readonly number[]): number | null {
  if (runs.length < LEAST_RUNS) return null;
  return runs.toSorted((a, b) => a - b)[Math.floor(runs.length / 2)] ?? null;
}

/** The runs of a kind after others that ended: the latest first. */
export function withRuns(known: readonly number[], later: readonly number[]): number[] {
  return [...later, ...known].slice(0, MAX_RUNS);
}
