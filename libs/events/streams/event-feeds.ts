import { setTimeout as sleep } from 'node:timers/promises';

import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';

import { ChangeHints } from '#queue';

import { EventFeed, FedEvent, type FeedPart } from './event-feed.js';
import { EventLog } from '../events.repository.js';
import { compare, type EventPosition } from '../event-position.js';
import { toEventDto } from '../events.mapper.js';

/** The interval of reads of the table without a hint. */
const POLL_MS = 1_000;

/** The shortest interval of reads, however many hints come. */
const MIN_INTERVAL_MS = 20;

/** How long to wait for a transaction that delays events which are already written. */
const SETTLING_MS = 50;

/** The most events of one organization in one read. */
const READ_LIMIT = 1_000;

/** The most events in all windows together, and in one. */
const KEPT_EVENTS = 50_000;
const KEPT_OF_ONE = 5_000;

/** How many streams that are behind their window may read the table at once. */
const MAX_CATCHING_UP = 2;

/**
 * Follows the events of every organization with a stream in this process: one statement for all of them, at a hint or once a second,
 * whatever the number of streams.
 */
@Injectable()
export class EventFeeds implements BeforeApplicationShutdown {
  private readonly logger = new Logger(EventFeeds.name);
  private readonly feeds = new Map<string, EventFeed>();
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private hinted = new AbortController();
  private catchingUp = 0;
  private readonly queueing: (() => void)[] = [];

  constructor(
    private readonly log: EventLog,
    private readonly hints: ChangeHints,
  ) {}

  /** Adds a stream of an organization; the first one begins at `now`. The caller ends it with {@link leave}. */
  join(organizationId: string, now: EventPosition): EventFeed {
    const feed = this.feeds.get(organizationId) ?? new EventFeed(organizationId, now);
    feed.readers++;
    this.feeds.set(organizationId, feed);
    this.running ??= this.follow();
    return feed;
  }

  leave(feed: EventFeed): void {
    feed.readers--;
    if (feed.readers === 0 && this.feeds.get(feed.organizationId) === feed) this.feeds.delete(feed.organizationId);
  }

  /** The events after a position: from the window, or from the table where the position is before it. */
  async after(feed: EventFeed, position: EventPosition, limit: number): Promise<FeedPart> {
    if (feed.covers(position)) return feed.after(position, limit);
    const { beginning } = feed;
    const page = await this.inTurn(() =>
      this.log.readOn([{ organizationId: feed.organizationId, after: position }], limit),
    );
    const { events = [] } = page.get(feed.organizationId) ?? {};
    const last = events.at(-1);
    // Events before the window were complete when it began: a stream that has read all of them continues with the window.
    const isBehind = last !== undefined && (events.length === limit || compare(last, beginning) > 0);
    const end = isBehind ? last : beginning;
    return { events: events.map((view) => new FedEvent(view, toEventDto)), end };
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    const unlisten = this.hints.listen(() => this.hinted.abort());
    while (!signal.aborted && this.feeds.size > 0) {
      const isMoreComing = await this.readOn();
      await sleep(MIN_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      const woken = AbortSignal.any([signal, this.hinted.signal]);
      await sleep(isMoreComing ? SETTLING_MS : POLL_MS, undefined, { signal: woken }).catch(() => undefined);
      this.hinted = new AbortController();
    }
    unlisten();
    this.running = undefined;
    if (!signal.aborted && this.feeds.size > 0) this.running = this.follow();
  }

  /** @returns whether there is more to read soon */
  private async readOn(): Promise<boolean> {
    const feeds = [...this.feeds.values()];
    const marks = feeds.map(({ organizationId, end }) => ({ organizationId, after: end }));
    try {
      const pages = await this.log.readOn(marks, READ_LIMIT);
      const capacity = Math.min(KEPT_OF_ONE, Math.ceil(KEPT_EVENTS / Math.max(1, feeds.length)));
      for (const feed of feeds) {
        const { events = [] } = pages.get(feed.organizationId) ?? {};
        feed.extend(
          events.map((view) => new FedEvent(view, toEventDto)),
          capacity,
        );
      }
      return [...pages.values()].some(({ isMoreComing }) => isMoreComing);
    } catch (error) {
      this.logger.warn(`events could not be read, and will be: ${String(error)}`);
      return false;
    }
  }

  /** Limits how many connections a thousand streams take that begin far back. */
  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.catchingUp >= MAX_CATCHING_UP) await new Promise<void>((resolve) => this.queueing.push(resolve));
    else this.catchingUp++;
    try {
      return await work();
    } finally {
      const next = this.queueing.shift();
      if (next === undefined) this.catchingUp--;
      else next();
    }
  }
}
