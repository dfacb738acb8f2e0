import { type ResourceAmounts } from '#kernel';
import { expectSeconds, type WaitingShape } from '#packing';

/** A run as it is learned: of which member and image, with which request, and the runtime that it declared. */
export interface RunOf extends ResourceAmounts {
  readonly memberId: string;
  /** In normal form, without tag and digest: versions of a program run alike. */
  readonly image: string;
  /** null: not declared */
  readonly maxRuntimeSeconds: number | null;
}

/** The runs of one kind that are remembered, the latest first: later ones replace them. */
export const MAX_RUNS = 100;

/** The most of them that a likely start is drawn from. */
const MAX_ALIKE = 50;

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

/** The number of runs from which on those with equal requests, or all of a cluster, say when a run without a declared runtime is expected to end. */
const LEAST_KNOWN = 10;

/** The kinds that say when a run with a request is expected to end that declared no runtime, the more alike first. */
export function undeclaredKinds(request: ResourceAmounts): readonly string[] {
  return [requestKind(request), 'undeclared'];
}

/** The runs of the first of these kinds that has enough, in seconds, the shortest first; none where no kind has. */
export function knownSeconds(
  request: ResourceAmounts,
  runsOf: (kind: string) => readonly number[] | undefined,
): readonly number[] {
  const runs = undeclaredKinds(request).map((kind) => runsOf(kind) ?? []);
  return (runs.find(({ length }) => length >= LEAST_KNOWN) ?? []).toSorted((a, b) => a - b);
}

/** The kind of all runs with a request that declared no runtime. */
function requestKind({ cpuMillis, memoryMib, gpuMillis }: ResourceAmounts): string {
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
    if (runs !== undefined && runs.length >= LEAST_RUNS) return runs.slice(0, MAX_ALIKE);
  }
  return [];
}

/** What known runs, the shortest first, say of a shape that declares no runtime: the middle, and how long it is expected to take. */
export function learnedOf(
  known: readonly number[],
): Pick<WaitingShape, 'typicalRuntimeSeconds' | 'expectedRuntimeSeconds'> {
  const [typical, expected] = [known[Math.floor(known.length / 2)], expectSeconds(known)];
  return typical === undefined || expected === null
    ? {}
    : { typicalRuntimeSeconds: typical, expectedRuntimeSeconds: expected };
}

/** The runs of a kind after others that ended: the latest first. */
export function withRuns(known: readonly number[], later: readonly number[]): number[] {
  return [...later, ...known].slice(0, MAX_RUNS);
}
