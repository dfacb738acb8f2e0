import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { DomainError } from '#kernel';
import { IntegerField } from '#http';
import { type LoopLag } from '#telemetry';

import { BigBodies } from '../bodies/big-bodies.js';
import { BodyBytes } from '../bodies/body-bytes.js';
import { BodyIntake } from '../bodies/body-intake.js';
import { Turns } from '../bodies/turns.js';
import { testSettings } from '../testing/test-app.js';

import { JsonLines, LINE_LIMITS, type LineChunk, readLine } from './json-lines.js';

class NumberDto {
  @IntegerField({ description: '', min: 0, max: 9 })
  readonly n!: number;
}

const intake = new BodyIntake(
  new Turns(),
  new BodyBytes(testSettings()),
  new BigBodies(testSettings(), { ms: 0 } as LoopLag),
);

async function chunksOf(parts: readonly (string | Buffer)[], encoding?: string): Promise<LineChunk[]> {
  const chunks: LineChunk[] = [];
  const stream = Readable.from(parts.map((part) => Buffer.from(part)));
  const headers = encoding === undefined ? {} : { 'content-encoding': encoding };
  const lines = new JsonLines(stream, { raw: { headers } as IncomingMessage, account: 'a', answer: undefined });
  await lines.enter(intake);
  for await (const chunk of lines.chunks()) chunks.push(chunk);
  return chunks;
}

const textsOf = (chunks: readonly LineChunk[]): (readonly [number, string | undefined])[] =>
  chunks.flatMap(({ lines }) => lines.map(({ index, bytes }) => [index, bytes?.toString()] as const));

describe('JSON lines', () => {
  it.each<[string, string, [number, string][]]>([
    ['nothing', '', []],
    ['blank lines', '\n \r\n\t\n', []],
    [
      'a last line without a newline',
      'a\nb',
      [
        [0, 'a'],
        [1, 'b'],
      ],
    ],
    ['blank lines between', '\na\n\n', [[1, 'a']]],
    ['a carriage return', 'a\r\n', [[0, 'a\r']]],
  ])('reads lines from %s', async (_what, text, expected) => {
    expect(textsOf(await chunksOf([text]))).toEqual(expected);
  });

  it('reads the same lines in the same chunks, however the bytes arrive', async () => {
    const body = Buffer.from(Array.from({ length: 2_500 }, (_, n) => `{"n":${n},"é":"ü"}`).join('\n'));
    const whole = await chunksOf([body]);
    expect(whole.map(({ lines }) => lines.length)).toEqual([1_000, 1_000, 500]);
    const seen = (chunks: readonly LineChunk[]): string[] =>
      chunks.map(({ lines, digest }) => [lines[0]?.index, lines.length, digest.toString('hex')].join(' '));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(body.length), { maxLength: 30 }), async (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), body.length];
        const parts = at.slice(1).map((to, index) => body.subarray(at[index], to));
        expect(seen(await chunksOf(parts))).toEqual(seen(whole));
      }),
      { numRuns: 20 },
    );
  });

  it('notes a line that is too long without keeping its bytes, and reads the lines after that line', async () => {
    const long = 'x'.repeat(LINE_LIMITS.lineBytes);
    const lines = await chunksOf([`${long}\n`, `${long}y`, long, `\n{"n":1}\n`]);
    expect(textsOf(lines)).toEqual([
      [0, long],
      [1, undefined],
      [2, '{"n":1}'],
    ]);
  });

  it('splits lines into chunks of a limited size', async () => {
    const line = `"${'x'.repeat(60_000)}"`;
    const chunks = await chunksOf(Array.from({ length: 200 }, () => `${line}\n`));
    expect(chunks.length).toBeGreaterThan(1);
    for (const { lines } of chunks) expect(lines.length * line.length).toBeLessThan(LINE_LIMITS.chunkBytes + 64 * 1024);
  });

  it('ends a body with too many blank lines, wherever they are', async () => {
    const blank = ' \r\n'.repeat(LINE_LIMITS.blankLines);
    expect(textsOf(await chunksOf([`{}\n${blank}{}\n`]))).toHaveLength(2);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(LINE_LIMITS.blankLines), { maxLength: 20 }), async (places) => {
        const lines = Array.from({ length: LINE_LIMITS.blankLines + 1 }, () => '\t\n');
        for (const place of places) lines.splice(place, 0, '{"n":1}\n');
        await expect(chunksOf(lines)).rejects.toMatchObject({ fields: [{ pointer: '#', code: 'too-many-blank' }] });
      }),
      { numRuns: 20 },
    );
  });

  it('refuses compressed lines', async () => {
    await expect(chunksOf(['{}'], 'gzip')).rejects.toThrow('Content-Encoding');
    expect(await chunksOf(['{}'], 'identity')).toHaveLength(1);
  });

  it.each<[string | undefined, string]>([
    [undefined, '# too-long'],
    ['{"n":10}', '#/n too-large'],
    ['{"n":1,"m":2}', '#/m unknown-field'],
    ['{"n":1,"n":1}', '#/n duplicate-key'],
    ['[]', '# type'],
    ['{"n":1', 'REQUEST.MALFORMED_JSON'],
    ['{"n":1} {"n":2}', 'REQUEST.MALFORMED_JSON'],
  ])('refuses the line %p', (text, expected) => {
    const refused = readLine(NumberDto, { index: 0, bytes: text === undefined ? undefined : Buffer.from(text) });
    if (!(refused instanceof DomainError)) throw new Error('was accepted');
    const [first] = refused.fields;
    expect(first === undefined ? refused.code : `${first.pointer} ${first.code}`).toBe(expected);
  });

  it('reports malformed JSON with its line in the body', async () => {
    const [chunk] = await chunksOf(['{"n":1}\n\n{"n":1,}\n']);
    const refused = (chunk?.lines ?? []).map((line) => readLine(NumberDto, line)).at(-1);
    expect(refused).toMatchObject({ message: expect.stringContaining('at line 3, column 8') });
  });

  it('reads a line by the rules of a class', () => {
    expect(readLine(NumberDto, { index: 0, bytes: Buffer.from('{"n":1}\r') })).toEqual({ n: 1 });
    const invalid = readLine(NumberDto, { index: 0, bytes: Buffer.from([0x22, 0xff, 0x22]) });
    expect(invalid).toMatchObject({ code: 'REQUEST.MALFORMED_JSON' });
  });
});
