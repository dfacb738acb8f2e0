import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

import { Settings } from '#config';

/** How long a process that stops waits for the requests that it has begun, in milliseconds. */
export const DRAIN_MS = 10_000;

/** How long event streams have to say goodbye, in milliseconds. */
const STREAM_MS = 500;

/** Knows the answers that are under way, and lets a stopping process wait for them. */
@Injectable()
export class Drain implements BeforeApplicationShutdown {
  private readonly underway = new Set<ServerResponse>();
  private readonly stopping = new AbortController();
  private hasBegunToStop = false;
  private whenIdle: (() => void) | undefined;

  constructor(private readonly settings: Settings) {}

  /** Whether the process has begun to stop. */
  get isStopping(): boolean {
    return this.hasBegunToStop;
  }

  /** Aborted when the process takes no more requests. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (_request, reply, done) => {
      this.underway.add(reply.raw);
      reply.raw.once('close', () => this.leave(reply.raw));
      if (this.isStopping) {
        void reply.header('connection', 'close');
      }
      done();
    });
  }

  /**
   * Takes requests for a while yet, where somebody must first see that it is not ready. Then has event streams end themselves (they watch
   * `signal`), ends those that do not, and waits until every other request is answered.
   */
  async beforeApplicationShutdown(): Promise<void> {
    this.hasBegunToStop = true;
    await sleep(this.settings.stopDelaySeconds * 1000);
    this.stopping.abort();
    await this.idleWithin(STREAM_MS);
    for (const response of this.underway) {
      // An ordinary answer ends where it begins: what has begun and not ended is a stream, which would never end by itself.
      if (response.headersSent && !response.writableEnded) {
        response.end();
      }
    }
    await this.idleWithin(DRAIN_MS);
  }

  /** Waits until nothing is under way, at most so long. */
  private async idleWithin(ms: number): Promise<void> {
    if (this.underway.size === 0) {
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private leave(response: ServerResponse): void {
    this.underway.delete(response);
    if (this.underway.size === 0) {
      this.whenIdle?.();
    }
  }
}
