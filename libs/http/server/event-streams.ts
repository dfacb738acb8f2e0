import { Readable } from 'node:stream';

import { Injectable, StreamableFile } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { headerParameter } from '../fields/documented-parameter.js';
import { Drain } from './drain.js';

/** A stream's text, piece by piece, until it is complete or `signal` is aborted: the reader has gone, or the process stops. */
export type Frames = (signal: AbortSignal) => AsyncGenerator<string, void, undefined>;

/** How much is buffered for a slow reader; then the generator pauses. */
const BUFFERED_BYTES = 16 * 1024;

/** The last text of a process that stops: the client reconnects soon, to another process. */
const GOODBYE = 'retry: 1000\n: this process stops; resume elsewhere\n\n';

/** Answers with server-sent events (`text/event-stream`), each stream at the pace of its reader. */
@Injectable()
export class EventStreams {
  constructor(private readonly drain: Drain) {}

  /** The answer whose body is `frames`. It ends with them, when the reader disconnects, and with a last comment when the process stops. */
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

  /** Unlike `Readable.from`, it signals a waiting generator at once when the reader disconnects. */
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

/** Whether a request accepts a stream, and where the stream resumes. */
export interface StreamRequest {
  /** Whether the request accepts `text/event-stream`. A HEAD does not: its answer would never end. */
  readonly isAccepted: boolean;
  /** The id of the last event that was read, from the header that browsers send when they reconnect. */
  readonly lastEventId: string | undefined;
}

function streamRequestOf({ method, headers }: FastifyRequest): StreamRequest {
  const { accept = '', 'last-event-id': id } = headers;
  return {
    isAccepted: method === 'GET' && /(^|[,\s])text\/event-stream\b/i.test(accept),
    lastEventId: typeof id === 'string' && id !== '' ? id : undefined,
  };
}

/** Passes a {@link StreamRequest} to a route, and documents the header. */
export function AcceptsEventStream(): ParameterDecorator {
  return headerParameter(
    {
      name: 'Last-Event-ID',
      description: 'For streams: the id of the last event that was read. Browsers send it when they reconnect.',
      schema: { type: 'string', maxLength: 64, example: '4711-23' },
    },
    streamRequestOf,
  );
}
