import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers';

import { Injectable } from '@nestjs/common';

/** Work that pauses often: at most a tenth of a millisecond passes between two pauses. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** How long work runs before other events are handled, in milliseconds. */
const SLICE_MS = 5;

/**
 * The turns of the event loop from one slice to the next. One turn accepts one connection (libuv), so with a slice in each turn a server
 * accepted two hundred connections a second, and the kernel dropped the others. A turn without events takes some microseconds.
 */
const LOOP_TURNS = 10;

/** The length up to which a list is processed at once. */
const SHORT = 50;

/** Work that is underway. */
interface Task {
  /** Runs one slice. @returns whether the work has ended */
  readonly slice: () => boolean;
}

/**
 * Runs long work on the event loop in slices of a few milliseconds. Between two slices every event that is due is handled. Accounts take
 * turns, slice by slice; the work of one account is done in the order of its arrival.
 */
@Injectable()
export class Turns {
  /** The account whose turn is next comes first. */
  private readonly tasks = new Map<string, Task[]>();

  /** The result of the work. */
  async run<T>(account: string, work: Steps<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const inContext = AsyncLocalStorage.snapshot();
      const slice = (): boolean => {
        try {
          return inContext(() => runSlice(work, resolve));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          return true;
        }
      };
      this.add(account, { slice });
    });
  }

  /** What a function makes of each item of a list: of a short one at once. */
  async map<Item, Made>(
    account: string,
    items: readonly Item[],
    make: (item: Item, index: number) => Made,
  ): Promise<Made[]> {
    return items.length <= SHORT ? items.map(make) : this.run(account, mapInSteps(items, make));
  }

  private add(account: string, task: Task): void {
    const own = this.tasks.get(account);
    if (own !== undefined) {
      own.push(task);
      return;
    }
    this.tasks.set(account, [task]);
    if (this.tasks.size === 1) this.later(1);
  }

  private turn(): void {
    const [next] = this.tasks;
    if (next === undefined) return;
    const [account, own] = next;
    if (own[0]?.slice() !== false) own.shift();
    this.tasks.delete(account);
    if (own.length > 0) this.tasks.set(account, own);
    if (this.tasks.size > 0) this.later(LOOP_TURNS);
  }

  private later(loopTurns: number): void {
    setImmediate(() => (loopTurns > 1 ? this.later(loopTurns - 1) : this.turn()));
  }
}

function runSlice<T>(work: Steps<T>, resolve: (value: T) => void): boolean {
  const untilMs = performance.now() + SLICE_MS;
  do {
    const step = work.next();
    if (step.done === true) {
      resolve(step.value);
      return true;
    }
  } while (performance.now() < untilMs);
  return false;
}

/** Runs short work at once. */
export function atOnce<T>(work: Steps<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** What a function makes of each item of a list, with a pause after each. */
export function* mapInSteps<Item, Made>(
  items: readonly Item[],
  make: (item: Item, index: number) => Made,
): Steps<Made[]> {
  const made: Made[] = [];
  for (const [index, item] of items.entries()) {
    made.push(make(item, index));
    yield;
  }
  return made;
}
