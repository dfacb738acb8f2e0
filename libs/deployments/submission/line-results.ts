import { DomainError } from '#kernel';
import { currentRequest, invalidInput, type LineChunk, problemOf } from '#http';

import { type BatchLineDto } from './batches.dto.js';
import { DeploymentErrors } from '../deployments.errors.js';

/** The limits of a batch of lines. */
export interface StreamLimits {
  /** The most lines that are processed. */
  readonly lines: number;
  /** The number of refused lines that ends the batch. */
  readonly refused: number;
}

/**
 * The answers to lines, chunk by chunk, and a summary at the end. Beyond the limit of lines, the lines before it are still answered, also
 * those of the same chunk.
 *
 * @param answer submits the lines of a chunk; `part` counts the chunks from 0
 */
export async function* resultsOf(
  chunks: AsyncIterable<LineChunk>,
  answer: (part: number, chunk: LineChunk) => Promise<BatchLineDto[]>,
  limits: StreamLimits,
): AsyncGenerator<BatchLineDto[], void, undefined> {
  const summary = { lines: 0, accepted: 0, refused: 0 };
  let part = 0;
  try {
    for await (const { lines, digest } of chunks) {
      const within = lines.slice(0, limits.lines - summary.lines);
      if (within.length > 0) {
        const results = await answer(part, { lines: within, digest });
        part += 1;
        const refused = results.filter(({ problem }) => problem !== undefined).length;
        summary.lines += results.length;
        summary.accepted += results.length - refused;
        summary.refused += refused;
        yield results;
      }
      if (within.length < lines.length || summary.refused >= limits.refused) {
        throw DeploymentErrors.STREAM_LIMIT_REACHED.because(undefined, { ...summary });
      }
    }
    if (part === 0) throw invalidInput([{ pointer: '#', code: 'too-few', message: 'must have at least 1 line' }]);
  } catch (error) {
    // Before the first answer this is the problem of the request; later, the last line but one names the problem that ended the stream.
    if (part === 0 || !(error instanceof DomainError)) throw error;
    yield [{ problem: problemOf(error, currentRequest()?.requestId ?? '').body }];
  }
  yield [{ summary }];
}
