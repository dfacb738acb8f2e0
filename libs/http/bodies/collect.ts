import { type Readable } from 'node:stream';

import { TransportError, TransportErrors } from '../problems/request.errors.js';
import { BIG_BODY_BYTES } from './body-bytes.js';

/** How long a body may take: a fixed time, and more for each byte that has arrived. */
export const BODY_PACE = { freeMs: 10_000, bytesPerSecond: 64 * 1024 } as const;

/** How a body is read. */
export interface Collecting {
  /** The most bytes. */
  readonly limit: number;
  /** Takes the count of bytes that have arrived, before they are kept. Refuses by throwing. */
  readonly count: (bytes: number) => void;
  /** Called once, when the body turns out to be a big one. Its rest is not read until then. */
  readonly whenBig: () => Promise<void>;
}

/**
 * Reads a body into memory. Bytes beyond a limit are not read.
 *
 * @throws TransportError (too large, too slow, cut off), and what `count` and `whenBig` throw
 */
export async function collect(stream: Readable, { limit, count, whenBig }: Collecting): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    let isBig = false;
    let timer: NodeJS.Timeout | undefined;
    const startMs = performance.now();

    const end = (error?: Error): void => {
      clearTimeout(timer);
      stream.off('data', onData).off('end', end).off('error', cutOff).off('close', cutOff);
      if (error === undefined) {
        const [only] = parts;
        resolve(parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, size));
        return;
      }
      stream.pause();
      reject(error);
    };
    const cutOff = (): void => end(new TransportError(TransportErrors.BAD_REQUEST, 'The body was cut off.'));
    const onData = (part: Buffer): void => {
      try {
        if (size + part.length > limit) throw new TransportError(TransportErrors.TOO_LARGE);
        count(part.length);
      } catch (error) {
        end(asError(error));
        return;
      }
      size += part.length;
      parts.push(part);
      if (isBig || size <= BIG_BODY_BYTES) return;
      isBig = true;
      stream.pause();
      whenBig().then(
        () => stream.resume(),
        (error: unknown) => end(asError(error)),
      );
    };
    const look = (): void => {
      const leftMs = startMs + BODY_PACE.freeMs + (size / BODY_PACE.bytesPerSecond) * 1_000 - performance.now();
      if (leftMs <= 0) end(new TransportError(TransportErrors.TIMEOUT));
      else timer = setTimeout(look, leftMs);
    };

    if (stream.destroyed) {
      cutOff();
      return;
    }
    stream.on('data', onData).on('end', end).on('error', cutOff).on('close', cutOff);
    // A body that has arrived already needs no timer.
    if (!('complete' in stream && stream.complete === true)) look();
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('a body was refused without an error', { cause: error });
}
