import { Readable } from 'node:stream';

import { createParamDecorator, type ExecutionContext, Injectable, StreamableFile } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

import { Drain } from './drain.js';

/** A stream's text, piece by piece, until it has said all or `signal` says that nobody listens any more. */
export type Frames = (signal: AbortSignal) => AsyncGenerator<string, void, undefined>;

/** What is kept for a reader that does not read: then the generator is not asked for more. */
const BUFFERED_BYTES = 16 * 1024;

/** Said last by a process that stops: come back soon, to another one. */
const GOODBYE = 'retry: 1000\n: this process stops; resume elsewhere\n\n';

/** Answers with server-sent events (`text/event-stream`), each stream at the pace of its reader. */
@Injectable()
export class EventStreams {
  constructor(private readonly drain: Drain) {}

  /** The answer whose body `frames` makes. It ends when they do, when the reader goes, and with a goodbye when the process stops. */
  answer(frames: Frames): StreamableFile {
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, this.drain.signal]);
    return new StreamableFile(this.readable(this.withGoodbye(frames(signal)), ended), {
      type: 'text/event-stream; charset=utf-8',
    });
  }

  private async *withGoodbye(frames: AsyncGenerator<string, void, undefined>): AsyncGenerator<string, void, undefined> {
    yield* frames;
    if (this.drain.isStopping) yield GOODBYE;
  }

  /** Unlike `Readable.from`, it tells a generator that waits at once when the reader is gone. */
  private readable(frames: AsyncGenerator<string, void, undefined>, ended: AbortController): Readable {
    return new Readable({
      highWaterMark: BUFFERED_BYTES,
      read() {
        frames.next().then(
          ({ done, value }) => this.push(done === true ? null : value),
          (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
        );
      },
      destroy(error, callback) {
        ended.abort();
        frames.return().then(
          () => callback(error),
          () => callback(error),
        );
      },
    });
  }
}

/** How a request wants to be answered. */
export interface StreamWish {
  /** Whether it accepts `text/event-stream`. A HEAD does not: its answer would never end. */
  readonly isWanted: boolean;
  /** The id of the last event that was seen, by the header that browsers send when they come back. */
  readonly lastEventId: string | undefined;
}

const readWish = createParamDecorator((_: unknown, context: ExecutionContext): StreamWish => {
  const { method, headers } = context.switchToHttp().getRequest<FastifyRequest>();
  const { accept = '', 'last-event-id': id } = headers;
  return {
    isWanted: method === 'GET' && /(^|[,\s])text\/event-stream\b/i.test(accept),
    lastEventId: typeof id === 'string' && id !== '' ? id : undefined,
  };
});

/** Hands to a route whether its answer shall be a stream, and where that goes on; documents the header. */
export function WishForStream(): ParameterDecorator {
  return (target, key, index) => {
    if (key === undefined) {
      throw new TypeError('@WishForStream() belongs on a parameter of a method');
    }
    readWish()(target, key, index);
    ApiHeader({
      name: 'Last-Event-ID',
      required: false,
      description: 'For streams: the id of the last event that was seen. Browsers send it when they come back.',
      schema: { type: 'string', maxLength: 64, example: '4711-23' },
    })(target, key, Object.getOwnPropertyDescriptor(target, key) ?? {});
  };
}
