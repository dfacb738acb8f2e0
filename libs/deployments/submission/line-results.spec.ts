import { Readable } from 'node:stream';

import { describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';
import { type LineChunk } from '#http';

import { type BatchLineDto } from './batches.dto.js';
import { resultsOf } from './line-results.js';

const LIMITS = { lines: 5, refused: 5 };

/** The answers to chunks with these numbers of lines, in short, and the number of processed lines of each chunk. */
async function heard(...sizes: readonly number[]): Promise<{ answers: unknown[]; looked: number[] }> {
  let index = 0;
  const chunks = sizes.map((size): LineChunk => ({
    lines: Array.from({ length: size }, () => ({ index: index++, bytes: Buffer.from('{}') })),
    digest: Buffer.alloc(0),
  }));
  const looked: number[] = [];
  const accept = (_part: number, { lines }: LineChunk): Promise<BatchLineDto[]> => {
    looked.push(lines.length);
    return Promise.resolve(lines.map((line) => ({ index: line.index, id: newId() })));
  };
  const answers: unknown[] = [];
  for await (const some of resultsOf(Readable.from(chunks) as AsyncIterable<LineChunk>, accept, LIMITS)) {
    answers.push(...some.map(({ index: line, problem, summary }) => line ?? problem?.code ?? summary));
  }
  return { answers, looked };
}

describe('the results of lines', () => {
  const all: unknown[] = [0, 1, 2, 3, 4, { lines: 5, accepted: 5, refused: 0 }];
  const cutOff = all.toSpliced(5, 0, 'DEPLOYMENTS.STREAM_LIMIT_REACHED');

  it.each([[[5]], [[2, 2, 1]], [[3, 2, 0]]])('accepts exactly as many lines as the limit: %j', async (sizes) => {
    expect((await heard(...sizes)).answers).toEqual(all);
  });

  it.each([
    [[5, 1], [5]],
    [
      [4, 4],
      [4, 1],
    ],
    [[6], [5]],
    [
      [2, 3, 4],
      [2, 3],
    ],
  ])('ends after the last permitted line, wherever chunks end: %j', async (sizes, looked) => {
    expect(await heard(...sizes)).toEqual({ answers: cutOff, looked });
  });
});
