import { Injectable } from '@nestjs/common';
import { Gauge, register } from 'prom-client';

import { Settings } from '#config';
import { LoopLag } from '#telemetry';

import { RequestErrors } from '../problems/request.errors.js';

const METRIC = 'stowage_http_big_bodies';

/** How many requests of one account wait, with their bodies unread. */
const MAX_WAITING = 16;

/** How long a request waits for a place at most. The rest of the time of a request is for its body. */
const MAX_WAIT_MS = 10_000;

/** How often waiting requests look at the lag of the event loop. */
const LOOK_EVERY_MS = 100;

const RETRY_AFTER_SECONDS = 1;

interface Waiting {
  readonly untilMs: number;
  readonly admit: () => void;
  readonly refuse: (error: Error) => void;
}

interface Places {
  taken: number;
  readonly waiting: Waiting[];
}

/**
 * Limits the requests with big bodies that one account has in progress. A few more wait for a place, before their bodies are read. While the
 * event loop lags, all wait: small requests go first.
 */
@Injectable()
export class BigBodies {
  /** The account whose turn is next comes first. */
  private readonly accounts = new Map<string, Places>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly lag: LoopLag,
  ) {
    register.removeSingleMetric(METRIC);
    const counts = (): Record<string, number> => this.counts();
    new Gauge({
      name: METRIC,
      help: 'Requests with bodies over 64 KiB, by state: in progress, or waiting for a place with their bodies unread.',
      labelNames: ['state'],
      collect() {
        for (const [state, value] of Object.entries(counts())) this.set({ state }, value);
      },
    });
  }

  /**
   * Takes a place, when one is free.
   *
   * @returns frees the place; a second call does nothing
   * @throws DomainError REQUEST.TOO_MANY, REQUEST.BUSY
   */
  async enter(account: string): Promise<() => void> {
    const places = this.accounts.get(account) ?? { taken: 0, waiting: [] };
    this.accounts.set(account, places);
    if (places.waiting.length >= MAX_WAITING) throw this.tooMany();
    await new Promise<void>((admit, refuse) => {
      places.waiting.push({ untilMs: performance.now() + MAX_WAIT_MS, admit, refuse });
      this.admitNext();
    });
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      places.taken--;
      this.forget(account, places);
      this.admitNext();
    };
  }

  private admitNext(): void {
    const nowMs = performance.now();
    const isLagging = this.lag.ms > this.settings.loopLagLimitMs;
    let areWaiting = false;
    for (const [account, places] of [...this.accounts]) {
      const { waiting } = places;
      while (waiting[0] !== undefined && waiting[0].untilMs <= nowMs) {
        waiting.shift()?.refuse(isLagging ? lagging() : this.tooMany());
      }
      while (!isLagging && waiting.length > 0 && places.taken < this.settings.bigBodiesPerAccount) {
        places.taken++;
        waiting.shift()?.admit();
      }
      areWaiting ||= waiting.length > 0;
      this.forget(account, places);
    }
    clearTimeout(this.timer);
    this.timer = areWaiting ? setTimeout(() => this.admitNext(), LOOK_EVERY_MS) : undefined;
  }

  private forget(account: string, { taken, waiting }: Places): void {
    if (taken === 0 && waiting.length === 0) this.accounts.delete(account);
  }

  private tooMany(): Error {
    const most = this.settings.bigBodiesPerAccount;
    const detail = `Too many requests with bodies over 64 KiB at a time: ${most} are processed, and ${MAX_WAITING} wait.`;
    return RequestErrors.TOO_MANY.because(detail, { retryAfterSeconds: RETRY_AFTER_SECONDS, limit: 'big-bodies' });
  }

  private counts(): Record<string, number> {
    let underway = 0;
    let waits = 0;
    for (const { taken, waiting } of this.accounts.values()) {
      underway += taken;
      waits += waiting.length;
    }
    return { underway, waiting: waits };
  }
}

function lagging(): Error {
  return RequestErrors.BUSY.because(undefined, { retryAfterSeconds: RETRY_AFTER_SECONDS, limit: 'event-loop' });
}
