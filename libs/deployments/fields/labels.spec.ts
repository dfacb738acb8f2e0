import { describe, expect, it } from '@jest/globals';

import { readDto } from '#http';

import { LabelsField, MAX_LABELS } from './labels.js';

class LabelledDto {
  @LabelsField({ description: '', default: {} })
  readonly labels!: Readonly<Record<string, string>>;
}

function refusals(labels: unknown): string[] {
  return readDto(LabelledDto, { labels }, 'json').errors.map(({ pointer, code }) => `${pointer} ${code}`);
}

const LONGEST_PREFIX = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;

describe('labels', () => {
  it('defaults to no labels', () => {
    expect(readDto(LabelledDto, {}, 'json').value.labels).toEqual({});
  });

  it.each([
    [{}],
    [{ team: 'vision' }],
    [{ team: '' }],
    [{ a: 'b', A: 'B', '1': '2' }],
    [{ 'app.kubernetes.io/part-of': 'v1.2_rc-3' }],
    [{ [`${LONGEST_PREFIX}/${'n'.repeat(63)}`]: 'v'.repeat(63) }],
    [{ constructor: 'mine', toString: 'yours' }],
  ])('accepts %j', (labels) => {
    expect(refusals(labels)).toEqual([]);
  });

  it.each([
    ['', 'x', 'invalid-key'],
    ['a b', 'x', 'invalid-key'],
    ['-a', 'x', 'invalid-key'],
    ['a-', 'x', 'invalid-key'],
    ['.a', 'x', 'invalid-key'],
    ['ä', 'x', 'invalid-key'],
    ['a\n', 'x', 'invalid-key'],
    ['n'.repeat(64), 'x', 'invalid-key'],
    ['UPPER.example/a', 'x', 'invalid-key'],
    ['a..b/c', 'x', 'invalid-key'],
    ['-a.b/c', 'x', 'invalid-key'],
    ['/a', 'x', 'invalid-key'],
    ['a/', 'x', 'invalid-key'],
    ['a/b/c', 'x', 'invalid-key'],
    [`${LONGEST_PREFIX}x/a`, 'x', 'invalid-key'],
    ['a', 'v'.repeat(64), 'too-long'],
    ['a', '-v', 'pattern'],
    ['a', 'v ', 'pattern'],
    ['a', '=cmd()', 'pattern'],
    ['a', 'é', 'pattern'],
    ['a', 1, 'type'],
    ['a', null, 'type'],
    ['a', ['v'], 'type'],
  ])('refuses a %j like %j', (key, value, code) => {
    const [first] = refusals({ [key]: value, zone: 'a' });
    expect(first).toBe(`#/labels/${key.slice(0, 100).replaceAll('/', '~1')} ${code}`);
  });

  it.each([[null], [[]], ['a=b'], [1]])('refuses %j', (labels) => {
    expect(refusals(labels)).toEqual(['#/labels type']);
  });

  it('limits the number of labels', () => {
    const labels = (count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, '']));
    expect(refusals(labels(MAX_LABELS))).toEqual([]);
    expect(refusals(labels(MAX_LABELS + 1))).toEqual(['#/labels too-many']);
  });

  it('refuses long texts in linear time', () => {
    const before = performance.now();
    for (const text of [`${'a'.repeat(50_000)}!`, `${'a.'.repeat(50_000)}/`, 'a-'.repeat(50_000)]) {
      refusals({ [text]: text });
    }
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});
