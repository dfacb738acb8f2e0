import { Injectable } from '@nestjs/common';

import { DomainError } from '#kernel';
import { ClusterLookup, ClusterErrors } from '#clusters';
import { Settings } from '#config';
import { type RevalidatingAccess } from '#rbac';

import { EventFeeds } from './event-feeds.js';
import { EventLog } from '../events.repository.js';
import { eventIdOf, type EventPosition } from '../event-position.js';
import { type EventFilter, isWanted } from '../event-view.js';
import { EventErrors } from '../events.errors.js';

/** The most events in one piece of text: what a slow reader gets at once. */
const PIECE = 100;

/** How soon a client reconnects that has lost its stream. */
const RETRY_MS = 1_000;

/** A request to follow events. */
export interface Following {
  readonly access: RevalidatingAccess;
  readonly organizationId: string;
  readonly filter: EventFilter;
  /** Events after this one; undefined: from now on. */
  readonly lastSeen: EventPosition | undefined;
}

/** Pieces of a stream of server-sent events. */
type Pieces = AsyncGenerator<string, void, undefined>;

/** Streams the events of an organization: each event once, in order, as long as the reader may see it. */
@Injectable()
export class EventFollowing {
  private open = 0;

  constructor(
    private readonly settings: Settings,
    private readonly log: EventLog,
    private readonly feeds: EventFeeds,
    private readonly clusters: ClusterLookup,
  ) {}

  /**
   * Begins to follow.
   *
   * @returns the stream's pieces. A slow reader costs no memory: it reads later from the table
   * @throws EVENTS.EXPIRED, EVENTS.TOO_MANY_STREAMS, CLUSTERS.NOT_FOUND
   */
  async follow(following: Following): Promise<(signal: AbortSignal) => Pieces> {
    const { access, organizationId, filter, lastSeen } = following;
    if (this.open >= this.settings.streamLimit) throw EventErrors.TOO_MANY_STREAMS.because();
    const { clusterId } = filter;
    if (clusterId !== undefined) await this.clusters.read(access.actor, { organizationId, clusterId });
    const now = await this.log.begin(organizationId, lastSeen);
    return (signal) => this.pieces(following, now, signal);
  }

  private async *pieces(following: Following, now: EventPosition, signal: AbortSignal): Pieces {
    const { organizationId, filter, lastSeen } = following;
    const { streamCheckSeconds, streamHeartbeatSeconds } = this.settings;
    this.open++;
    const feed = this.feeds.join(organizationId, now);
    try {
      const check = new PeriodicCheck(() => this.hiddenFrom(following), streamCheckSeconds * 1_000);
      let at = lastSeen ?? now;
      let silentSinceMs = performance.now();
      yield `retry: ${RETRY_MS}\nid: ${eventIdOf(at)}\n\n`;
      while (!signal.aborted) {
        const silenceEndsMs = silentSinceMs + streamHeartbeatSeconds * 1_000;
        await feed.change(at, Math.max(0, Math.min(silenceEndsMs, check.dueMs) - performance.now()), signal);
        const { events, end } = await this.feeds.after(feed, at, PIECE);
        const hidden = await check.result();
        const visible = events.filter(({ view }) => isWanted(filter, view) && !hidden.has(view.clusterId));
        at = end;
        if (visible.length > 0) yield visible.map(({ frame }) => frame).join('');
        else if (performance.now() >= silenceEndsMs) yield `id: ${eventIdOf(at)}\n: still here\n\n`;
        else continue;
        silentSinceMs = performance.now();
      }
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      yield `event: end\ndata: ${JSON.stringify({ code: error.code, detail: error.message })}\n\n`;
    } finally {
      this.feeds.leave(feed);
      this.open--;
    }
  }

  /** The clusters that this reader does not see. @throws DomainError when it may see none of the requested events any more */
  private async hiddenFrom({ access, organizationId, filter }: Following): Promise<ReadonlySet<string>> {
    const hidden = await this.clusters.hidden(await access.renew(), organizationId);
    if (filter.clusterId !== undefined && hidden.has(filter.clusterId)) throw ClusterErrors.NOT_FOUND.because();
    return hidden;
  }
}

/** A value that is read at first, and again when it has reached an age. */
class PeriodicCheck<T> {
  private known: { readonly value: T; readonly atMs: number } | undefined;

  constructor(
    private readonly ask: () => Promise<T>,
    private readonly everyMs: number,
  ) {}

  /** When the value is read next. */
  get dueMs(): number {
    return this.known === undefined ? performance.now() : this.known.atMs + this.everyMs;
  }

  async result(): Promise<T> {
    if (this.known === undefined || performance.now() >= this.dueMs) {
      // The age counts from the start of the read: a change during the read may not be in the value.
      const atMs = performance.now();
      this.known = { value: await this.ask(), atMs };
    }
    return this.known.value;
  }
}
