import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { EventFeed, FedEvent } from './event-feed.js';
import { compare, type EventPosition } from '../event-position.js';
import { type EventView } from '../event-view.js';

const at = (position: number): EventPosition => ({ stamp: 1n, position: BigInt(position) });

const event = (position: number): FedEvent =>
  new FedEvent({ ...at(position), sequence: position } as EventView, ({ sequence }) => ({ sequence }));

const events = (from: number, to: number): FedEvent[] =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index));

const never = new AbortController().signal;

describe('a feed', () => {
  it('gives every reader the events after its position, within its limit', () => {
    const feed = new EventFeed('one', at(0));
    feed.extend(events(1, 10), 100);
    expect(feed.after(at(0), 3).events.map(({ view }) => view.sequence)).toEqual([1, 2, 3]);
    expect(feed.after(at(3), 100)).toMatchObject({ end: at(10) });
    expect(feed.after(at(10), 100)).toMatchObject({ events: [], end: at(10) });
    // Seen in another process, and not here yet.
    expect(feed.after(at(12), 100)).toEqual({ events: [], end: at(12) });
  });

  it('keeps events within its capacity, and covers no position before them', () => {
    const feed = new EventFeed('one', at(0));
    expect(feed.covers(at(0))).toBe(true);
    feed.extend(events(1, 10), 4);
    expect(feed.covers(at(5))).toBe(false);
    expect(feed.covers(at(6))).toBe(true);
    expect(feed.after(at(6), 100).events).toHaveLength(4);
  });

  it('gives each event once, in order, to readers of any pace within the window', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 50 }),
        (bursts, limit, capacity) => {
          const feed = new EventFeed('one', at(0));
          let written = 0;
          let seen = at(0);
          for (const burst of bursts) {
            feed.extend(events(written + 1, written + burst), capacity);
            written += burst;
            if (!feed.covers(seen)) {
              // From the table, in the program.
              seen = feed.beginning;
            }
            const part = feed.after(seen, limit);
            const first = Number(seen.position) + 1;
            expect(part.events.map(({ view }) => view.sequence)).toEqual(
              Array.from({ length: Math.min(limit, written - first + 1) }, (_, index) => first + index),
            );
            expect(compare(part.end, seen)).toBeGreaterThanOrEqual(0);
            seen = part.end;
          }
        },
      ),
    );
  });

  it('wakes waiting readers for a new event, and returns at once for readers behind the end', async () => {
    const feed = new EventFeed('one', at(0));
    const waiting = feed.change(at(0), 60_000, never);
    feed.extend([event(1)], 10);
    await waiting;
    await feed.change(at(0), 60_000, never);
    const gone = new AbortController();
    const aborted = feed.change(at(1), 60_000, gone.signal);
    gone.abort();
    await aborted;
    await feed.change(at(1), 1, never);
  });

  it('writes an event as one message, once', () => {
    const one = event(7);
    expect(one.frame).toBe('id: 1-7\ndata: {"sequence":7}\n\n');
    expect(one.frame).toBe(one.frame);
  });
});
