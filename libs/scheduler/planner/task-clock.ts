/** When a task has to end. Tasks pass it to what they compute. */
export interface TaskClock {
  /** Whether the time of the task is over, or its answer is not waited for any more. */
  readonly shouldStop: () => boolean;
  /** The same for a part of the task that begins now, limited in milliseconds. */
  readonly within: (ms: number) => () => boolean;
  /** The same for a plan, which has as long as that of a pass. */
  readonly forPlan: () => () => boolean;
}

/** A plan takes so long, at most, on any machine. The policy's steps end almost every plan before. */
const PLAN_MS = 150;

/** A value that a caller and a thread share: not 0 when the caller no longer waits. */
export type StopFlag = Int32Array<SharedArrayBuffer>;

/** A flag that is not set. */
export function stopFlag(): StopFlag {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** Sets a flag. */
export function stop(flag: StopFlag): void {
  Atomics.store(flag, 0, 1);
}

/** The clock of a task that begins now. */
export function clockOf(budgetMs: number, flag?: StopFlag): TaskClock {
  const endMs = performance.now() + budgetMs;
  const isOver = (atMs: number): boolean =>
    performance.now() >= atMs || (flag !== undefined && Atomics.load(flag, 0) !== 0);
  const within = (ms: number): (() => boolean) => {
    const partEndMs = Math.min(endMs, performance.now() + ms);
    return () => isOver(partEndMs);
  };
  return { shouldStop: () => isOver(endMs), within, forPlan: () => within(PLAN_MS) };
}
