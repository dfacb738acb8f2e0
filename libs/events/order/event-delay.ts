import { Injectable, Module } from '@nestjs/common';

import { BackgroundModule, BackgroundTasks } from '#background';
import { Database } from '#database';

import { type EventHolder, readEventHolder } from './settled.js';

/** The time between two checks. */
const CHECK_EVERY_MS = 1_000;

/** By how much events are delayed at most, and by what. */
export interface EventDelayView extends Pick<EventHolder, 'pid' | 'name'> {
  readonly seconds: number;
}

/** Knows, from a check every second, for how long an open transaction has delayed events. */
@Injectable()
export class EventDelay {
  private holder: EventHolder | null = null;
  private sinceMs = 0;

  constructor(
    private readonly database: Database,
    tasks: BackgroundTasks,
  ) {
    tasks.add({ name: 'the check of the delay of events', pauseMs: CHECK_EVERY_MS, run: () => this.check() });
  }

  /**
   * The transaction that delays events, and its age; null when none does. Where this role may not see the age, the time counts from the
   * first check that has found the transaction.
   */
  current(): EventDelayView | null {
    if (this.holder === null) return null;
    const { pid, name, seconds } = this.holder;
    return { pid, name, seconds: Math.max(seconds ?? 0, (performance.now() - this.sinceMs) / 1_000) };
  }

  private async check(): Promise<void> {
    const before = this.holder?.transaction;
    this.holder = await readEventHolder(this.database.reader());
    if (this.holder?.transaction !== before) this.sinceMs = performance.now();
  }
}

/** Provides {@link EventDelay} to a process, with or without the routes of events. */
@Module({ imports: [BackgroundModule], providers: [EventDelay], exports: [EventDelay] })
export class EventDelayModule {}
