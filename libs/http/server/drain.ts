import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

import { Settings } from '#config';

/** How long a stopping process waits for requests in progress, in milliseconds. */
export const DRAIN_MS = 10_000;

/** How long event streams have to end by themselves, in milliseconds. */
const STREAM_MS = 500;

/** Tracks the requests in progress, and lets a stopping process wait for them. */
@Injectable()
export class Drain implements BeforeApplicationShutdown {
  private readonly active = new Set<ServerResponse>();
  private readonly stopping = new AbortController();
  private hasBegunToStop = false;
  private whenIdle: (() => void) | undefined;

  constructor(private readonly settings: Settings) {}

  /** Whether the process has begun to stop. */
  get isStopping(): boolean {
    return this.hasBegunToStop;
  }

  /** Aborted when the process accepts no more requests. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (_request, reply, done) => {
      this.active.add(reply.raw);
      reply.raw.once('close', () => this.leave(reply.raw));
      if (this.isStopping) {
        void reply.header('connection', 'close');
      }
      done();
    });
  }

  /**
   * Accepts requests for `stopDelaySeconds` more, until load balancers see that the process is not ready. Then aborts `signal`, which ends
   * event streams, ends those that remain, and waits until every other request is answered.
   */
  async beforeApplicationShutdown(): Promise<void> {
    this.hasBegunToStop = true;
    await sleep(this.settings.stopDelaySeconds * 1000);
    this.stopping.abort();
    await this.idleWithin(STREAM_MS);
    for (const response of this.active) {
      // Ordinary answers are sent at once: one that has begun and not ended is a stream.
      if (response.headersSent && !response.writableEnded) {
        response.end();
      }
    }
    await this.idleWithin(DRAIN_MS);
  }

  /** Waits until no request is in progress, at most `ms`. */
  private async idleWithin(ms: number): Promise<void> {
    if (this.active.size === 0) {
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
    this.active.delete(response);
    if (this.active.size === 0) {
      this.whenIdle?.();
    }
  }
}
