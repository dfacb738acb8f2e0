import { setTimeout as sleep } from 'node:timers/promises';

import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';

import { ChangeHints } from '#queue';

import { EventFeed, FedEvent, type FeedPart } from './event-feed.js';
import { EventLog } from '../events.repository.js';
import { compare, type EventPosition } from '../event-position.js';
import { toEventDto } from '../events.mapper.js';

/** Without any hint the table is asked so often. */
const POLL_MS = 1_000;

/** However many hints come, the table is asked no more often. */
const MIN_INTERVAL_MS = 20;

/** How long to wait for a transaction that holds back events which are written already. */
const SETTLING_MS = 50;

/** The most events of one organization that are read at once. */
const READ_LIMIT = 1_000;

/** The most events that all windows together keep, and that one keeps. */
const KEPT_EVENTS = 50_000;
const KEPT_OF_ONE = 5_000;

/** How many streams may read the table for themselves at once, because they are behind the window of their organization. */
const MAX_CATCHING_UP = 2;

/**
 * Follows the events of every organization that somebody in this process follows: one statement for all of them, at a hint or once a
 * second, whatever the number of streams.
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

  /** Joins those who follow an organization; begins to follow it at `now` for the first. To be given back by {@link leave}. */
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

  /** What follows a position: from the window, or for who is behind it from the table. */
  async after(feed: EventFeed, position: EventPosition, limit: number): Promise<FeedPart> {
    if (feed.covers(position)) return feed.after(position, limit);
    const { beginning } = feed;
    const page = await this.inTurn(() =>
      this.log.readOn([{ organizationId: feed.organizationId, after: position }], limit),
    );
    const { events = [] } = page.get(feed.organizationId) ?? {};
    const last = events.at(-1);
    // What the window does not hold was complete when it began: whoever has read all of it goes on with the window.
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

  /** So that a thousand streams that begin far back leave connections to everybody else. */
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
