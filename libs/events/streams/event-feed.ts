import { compare, eventIdOf, type EventPosition } from '../event-position.js';
import { type EventView } from '../event-view.js';

/** An event with its text for streams, made once for all readers. */
export class FedEvent {
  private text: string | undefined;

  constructor(
    readonly view: EventView,
    private readonly show: (view: EventView) => object,
  ) {}

  /** The event as a message of `text/event-stream`. */
  get frame(): string {
    this.text ??= `id: ${eventIdOf(this.view)}\ndata: ${JSON.stringify(this.show(this.view))}\n\n`;
    return this.text;
  }
}

/** Events after a position; up to `end` there are no others. */
export interface FeedPart {
  readonly events: readonly FedEvent[];
  readonly end: EventPosition;
}

/**
 * The latest events of one organization, shared by all its streams in this process: the window from `start` to `end`, without a gap and
 * within its capacity. A stream behind its start reads from the table.
 */
export class EventFeed {
  private events: FedEvent[] = [];
  private readonly waiting = new Set<() => void>();

  /** @param start events up to this position are not in the window */
  constructor(
    readonly organizationId: string,
    private start: EventPosition,
    private last = start,
    /** The number of its streams. */
    public readers = 0,
  ) {}

  get end(): EventPosition {
    return this.last;
  }

  get beginning(): EventPosition {
    return this.start;
  }

  /** Whether all known events after a position are in the window. */
  covers(position: EventPosition): boolean {
    return compare(position, this.start) >= 0;
  }

  /** At most `limit` events after a position that the window covers. */
  after(position: EventPosition, limit: number): FeedPart {
    const from = this.indexAfter(position);
    const events = this.events.slice(from, from + limit);
    const isAll = from + events.length === this.events.length;
    const end = isAll ? this.last : (events.at(-1)?.view ?? position);
    // A position may be beyond the end: another process may have read that event before this one.
    return { events, end: compare(end, position) < 0 ? position : end };
  }

  /** Appends events, removes the oldest beyond the capacity, and wakes the waiting streams. */
  extend(events: readonly FedEvent[], capacity: number): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.events.push(...events);
    this.last = last.view;
    const forgotten = this.events.splice(0, Math.max(0, this.events.length - capacity)).at(-1);
    if (forgotten !== undefined) this.start = forgotten.view;
    this.wake();
  }

  /** Lets every waiting stream look again. */
  wake(): void {
    for (const wake of [...this.waiting]) wake();
  }

  /** Waits until there are events after a position, at most `timeoutMs`, and until `signal` aborts. */
  async change(position: EventPosition, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || compare(this.last, position) > 0) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      signal.addEventListener('abort', done, { once: true });
      this.waiting.add(done);
    });
  }

  /** Binary search: a thousand streams may ask a window of thousands at once. */
  private indexAfter(position: EventPosition): number {
    let [low, high] = [0, this.events.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const event = this.events[middle];
      if (event !== undefined && compare(event.view, position) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
