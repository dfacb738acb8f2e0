import { Injectable } from '@nestjs/common';

import { DomainError } from '#kernel';
import { ClusterLookup, ClusterErrors } from '#clusters';
import { Settings } from '#config';
import { AccessHints } from '#queue';
import { type RevalidatingAccess } from '#rbac';

import { EventFeeds } from './event-feeds.js';
import { EventLog } from '../events.repository.js';
import { eventIdOf, type EventPosition } from '../event-position.js';
import { type EventFilter, isWanted } from '../event-view.js';
import { Recheck } from './recheck.js';
import { StreamPlaces } from './stream-places.js';

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
  private readonly places: StreamPlaces;
  private readonly checks = new Set<(id: string) => void>();
  private isListening = false;

  constructor(
    private readonly settings: Settings,
    private readonly log: EventLog,
    private readonly feeds: EventFeeds,
    private readonly clusters: ClusterLookup,
    private readonly accessHints: AccessHints,
  ) {
    const { streamLimit, streamLimitAccount, streamLimitOrganization } = settings;
    this.places = new StreamPlaces({
      process: streamLimit,
      account: streamLimitAccount,
      organization: streamLimitOrganization,
    });
  }

  /**
   * Begins to follow.
   *
   * @returns the stream's pieces. A slow reader costs no memory: it reads later from the table
   * @throws EVENTS.EXPIRED, EVENTS.STREAM_LIMIT_REACHED, EVENTS.TOO_MANY_STREAMS, CLUSTERS.NOT_FOUND
   */
  async follow(following: Following): Promise<(signal: AbortSignal) => Pieces> {
    const { access, organizationId, filter, lastSeen } = following;
    this.listen();
    const leave = this.places.take(access.actor.accountId, organizationId);
    try {
      const { clusterId } = filter;
      if (clusterId !== undefined) await this.clusters.read(access.actor, { organizationId, clusterId });
      const now = await this.log.begin(organizationId, lastSeen);
      return (signal) => {
        // A generator that nothing has read from never comes to its end.
        signal.addEventListener('abort', leave, { once: true });
        return this.pieces(following, now, signal, leave);
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  private async *pieces(following: Following, now: EventPosition, signal: AbortSignal, leave: () => void): Pieces {
    const { organizationId, filter, lastSeen } = following;
    const { streamCheckSeconds, streamHeartbeatSeconds } = this.settings;
    const feed = this.feeds.join(organizationId, now);
    const check = new Recheck(() => this.hiddenFrom(following), streamCheckSeconds * 1_000);
    const ids = idsOf(following);
    const onHint = (id: string): void => {
      if (!ids.has(id)) return;
      check.hint();
      feed.wake();
    };
    this.checks.add(onHint);
    try {
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
      this.checks.delete(onHint);
      this.feeds.leave(feed);
      leave();
    }
  }

  private listen(): void {
    if (this.isListening) return;
    this.isListening = true;
    this.accessHints.listen((id) => this.checks.forEach((check) => check(id)));
  }

  /** The clusters that this reader does not see. @throws DomainError when it may see none of the requested events any more */
  private async hiddenFrom({ access, organizationId, filter }: Following): Promise<ReadonlySet<string>> {
    const hidden = await this.clusters.hidden(await access.renew(), organizationId);
    if (filter.clusterId !== undefined && hidden.has(filter.clusterId)) throw ClusterErrors.NOT_FOUND.because();
    return hidden;
  }
}

/** The ids under which a change of a reader's access is announced. */
function idsOf({ access: { actor }, organizationId }: Following): ReadonlySet<string | null> {
  return new Set([organizationId, actor.id, actor.sessionId, actor.tokenId]);
}
