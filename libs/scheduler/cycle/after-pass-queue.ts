import { setTimeout as sleep } from 'node:timers/promises';

import { type BeforeApplicationShutdown, Injectable, Logger, Module } from '@nestjs/common';

import { type PassContext } from '#deployments';
import { type ClusterStop, type Plan, type Snapshot } from '#packing';

/** What a pass saw and decided. */
export interface PassResult {
  readonly pass: PassContext;
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  /** Why nothing starts, where that is so. */
  readonly stops: readonly ClusterStop[];
}

/** Work that follows passes. */
export interface AfterPass {
  /** Names the work in logs: "NAME failed ...". */
  readonly name: string;
  /** Handles the newest result of a cluster. It may throw: the queue logs one warning and goes on. */
  handle(result: PassResult, signal: AbortSignal): Promise<unknown>;
}

/** The pause before a result is handled: the next pass on the cluster often follows at once, and replaces it. */
const PAUSE_MS = 50;

/** Each kind of work takes at most 1/SHARE of the time. */
const SHARE = 20;

/** The longest pause after a result that took long. */
const MAX_REST_MS = 5_000;

/** The results that one kind of work has yet to handle: the newest of each cluster. */
class Backlog {
  private readonly logger = new Logger(AfterPassQueue.name);
  private readonly results = new Map<string, PassResult>();
  private isDraining = false;
  private drained: Promise<void> = Promise.resolve();

  constructor(
    private readonly work: AfterPass,
    private readonly signal: AbortSignal,
  ) {}

  put(result: PassResult): void {
    if (this.signal.aborted) return;
    this.results.set(result.pass.clusterId, result);
    if (!this.isDraining) this.drained = this.drain();
  }

  /** Waits for the work that has begun. */
  async ended(): Promise<void> {
    await this.drained;
  }

  private async drain(): Promise<void> {
    this.isDraining = true;
    await this.rest(PAUSE_MS);
    for (let next = this.take(); next !== null; next = this.take()) {
      const startedMs = performance.now();
      await this.handle(next);
      await this.rest(Math.min((performance.now() - startedMs) * (SHARE - 1) + PAUSE_MS, MAX_REST_MS));
    }
    // In the same turn in which nothing was left: the next `put` drains again.
    this.isDraining = false;
  }

  private take(): PassResult | null {
    const [first] = this.results.values();
    if (first === undefined || this.signal.aborted) return null;
    this.results.delete(first.pass.clusterId);
    return first;
  }

  private async handle(result: PassResult): Promise<void> {
    try {
      await this.work.handle(result, this.signal);
    } catch (error) {
      if (this.signal.aborted) return;
      this.logger.warn(`${this.work.name} failed after a pass on cluster ${result.pass.clusterId}: ${String(error)}`);
    }
  }

  private async rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }
}

/**
 * Hands the results of committed passes to work that takes more time than a pass has: one result after the other, beside the passes and
 * never in their transactions. Of several passes on a cluster only the newest counts.
 */
@Injectable()
export class AfterPassQueue implements BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly backlogs: Backlog[] = [];

  /** Adds work, in a constructor: before the first pass. */
  add(work: AfterPass): void {
    this.backlogs.push(new Backlog(work, this.stopping.signal));
  }

  /** Takes the result of a pass that has committed. Returns at once. */
  put(result: PassResult): void {
    for (const backlog of this.backlogs) backlog.put(result);
  }

  /** Ends the work that has begun, and begins no other. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.backlogs.map((backlog) => backlog.ended()));
  }
}

/** The one {@link AfterPassQueue} of a process. */
@Module({ providers: [AfterPassQueue], exports: [AfterPassQueue] })
export class AfterPassModule {}
