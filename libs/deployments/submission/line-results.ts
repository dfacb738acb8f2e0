import { DomainError } from '#kernel';
import { currentRequest, invalidInput, type LineChunk, problemOf } from '#http';

import { type BatchLineDto } from './batches.dto.js';
import { DeploymentErrors } from '../deployments.errors.js';

/** Where a batch of lines ends that nobody can mean. */
export interface StreamLimits {
  /** The most lines that are looked at. */
  readonly lines: number;
  /** So many refused lines end the batch. */
  readonly refused: number;
}

/**
 * The answers to lines, chunk by chunk, and a summary at the end. Where one line more comes than may be looked at, the lines before it are
 * answered still, also those of its own chunk: chunks end where their lines are long, and not only after so many.
 *
 * @param answer what became of the lines of a chunk; `part` counts the chunks from 0
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
    // Before the first answer this is the request's problem; after it, the last line but one says what ended the stream.
    if (part === 0 || !(error instanceof DomainError)) throw error;
    yield [{ problem: problemOf(error, currentRequest()?.requestId ?? '').body }];
  }
  yield [{ summary }];
}
