import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import {
  AmbiguousJson,
  JSON_LIMITS,
  MalformedJson,
  parseStrictJson,
  parseStrictJsonInSteps,
  pointerTo,
} from './strict-json.js';

function refusalOf(text: string): string {
  try {
    return `accepted ${JSON.stringify(parseStrictJson(text))}`;
  } catch (error) {
    if (error instanceof AmbiguousJson) {
      return `${error.field.pointer} ${error.field.code}`;
    }
    return error instanceof MalformedJson ? `malformed: ${error.message}` : String(error);
  }
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const keys = (count: number): string => `{${Array.from({ length: count }, (_, index) => `"k${index}":0`).join(',')}}`;

describe('strict JSON', () => {
  it('reads what JSON.stringify writes, unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(0, 2, '\t'), (value, indent) => {
        // What is refused on purpose has a table of its own below.
        fc.pre(!/\\u|"__proto__"|"constructor"/.test(JSON.stringify(value)));
        expect(parseStrictJson(JSON.stringify(value, undefined, indent))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('accepts nothing that JSON.parse refuses, and reads everything as JSON.parse does', () => {
    const fragment = fc.constantFrom(
      ...'{}[]:,"\\u0041tfnullrueas-+.eE019 \n'.split(''),
      '"a"',
      '1.5',
      'true',
      '\\u00e9',
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 14 }), (fragments) => {
        const text = fragments.join('');
        let own: unknown;
        try {
          own = parseStrictJson(text);
        } catch {
          return;
        }
        expect(JSON.stringify(own)).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: cases(3000) },
    );
  });

  it.each([
    ['{"name":', 'malformed: it ends too early at line 1, column 9'],
    ['{"a":1,}', 'malformed: there is an unexpected character at line 1, column 8'],
    ['{"a":1}\n x', 'malformed: there is an unexpected character at line 2, column 2'],
    ['[1,]', 'malformed: there is an unexpected character at line 1, column 4'],
    ['', 'malformed: it ends too early at line 1, column 1'],
    ['"a', 'malformed: it ends too early at line 1, column 3'],
    ['"\\x"', 'malformed: there is an unexpected character at line 1, column 1'],
    ['"a\u0001"', 'malformed: there is an unexpected character at line 1, column 3'],
    ['\ufeff{}', 'malformed: there is an unexpected character at line 1, column 1'],
    ['01', 'malformed: there is an unexpected character at line 1, column 2'],
    ['1.', 'malformed: there is an unexpected character at line 1, column 2'],
    ['.5', 'malformed: there is an unexpected character at line 1, column 1'],
    ['+1', 'malformed: there is an unexpected character at line 1, column 1'],
    ['NaN', 'malformed: there is an unexpected character at line 1, column 1'],
    ['Infinity', 'malformed: there is an unexpected character at line 1, column 1'],
    ["{'a':1}", 'malformed: there is an unexpected character at line 1, column 2'],
    ['{a:1}', 'malformed: there is an unexpected character at line 1, column 2'],
    ['// c\n1', 'malformed: there is an unexpected character at line 1, column 1'],
  ])('reports where reading %j stopped', (text, expected) => {
    expect(refusalOf(text)).toBe(expected);
  });

  it.each(
    [
      ['{"a":1,"a":2}', '#/a duplicate-key'],
      ['{"x":[{"a":1,"b":2,"\\u0061":3}]}', '#/x/0/a duplicate-key'],
      ['{"__proto__":{"admin":true}}', '#/__proto__ unknown-field'],
      ['{"a":{"\\u005f_proto__":1}}', '#/a/__proto__ unknown-field'],
      ['{"constructor":{"prototype":{}}}', '#/constructor unknown-field'],
      ['{"constructor":"a word"}', 'accepted {"constructor":"a word"}'],
      ['{"n":9007199254740993}', '#/n not-exact'],
      ['{"n":-9007199254740993}', '#/n not-exact'],
      ['{"n":1e400}', '#/n not-exact'],
      ['{"n":-1e400}', '#/n not-exact'],
      ['{"n":1e-400}', '#/n not-exact'],
      ['{"n":0.1000000000000000055511151231257827}', '#/n not-exact'],
      ['{"n":123456789012345678901234567890}', '#/n not-exact'],
      [
        '[0.1,1.0,1e2,100e-2,9007199254740992,1E+3,0.30000000000000004]',
        'accepted [0.1,1,100,1,9007199254740992,1000,0.30000000000000004]',
      ],
      ['[100000000000000000000, 0.00000000000000000001, 0e5, 0.000]', 'accepted [100000000000000000000,1e-20,0,0]'],
      ['{"s":"a\\u0000b"}', '#/s invalid-text'],
      ['{"s":"\\ud800"}', '#/s invalid-text'],
      ['{"s":"\\udc00\\ud800"}', '#/s invalid-text'],
      ['{"\\ud800":1}', '# invalid-text'],
      ['{"s":"\\ud83d\\ude00"}', 'accepted {"s":"😀"}'],
      [nested(JSON_LIMITS.depth), `accepted ${nested(JSON_LIMITS.depth)}`],
      [nested(JSON_LIMITS.depth + 1), '#/0 too-deep'],
      [keys(JSON_LIMITS.keysPerObject), `accepted ${keys(JSON_LIMITS.keysPerObject)}`],
      [keys(JSON_LIMITS.keysPerObject + 1), '# too-many-keys'],
    ].map(([text = '', expected]) => [text.slice(0, 60), text, expected]),
  )('reads or refuses %s', (_title, text = '', expected = '') => {
    expect(refusalOf(text)).toBe(expected);
  });

  it('reads -0 as 0', () => {
    expect(Object.is(parseStrictJson('-0'), 0)).toBe(true);
    expect(Object.is(parseStrictJson('-0.0e3'), 0)).toBe(true);
  });

  it('accepts a number exactly when a double shows the same decimal again', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(parseStrictJson(JSON.stringify(value))).toBe(value === 0 ? 0 : value);
      }),
    );
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        const isExact = BigInt(Number(value)) === value;
        const shows = String(Number(value)) === String(value);
        expect(refusalOf(String(value)).startsWith('accepted') || !isExact || !shows).toBe(true);
        expect(refusalOf(String(value)).startsWith('accepted') && !isExact && Math.abs(Number(value)) < 2 ** 53).toBe(
          false,
        );
      }),
    );
  });

  it('reads and refuses the same in steps and at once', () => {
    const item = { name: 'a', sizes: [1, 2, 3], nested: { deep: [[{ x: null }]] } };
    const text = JSON.stringify(Array.from({ length: 1_000 }, () => item));
    const steps = parseStrictJsonInSteps(text);
    let pauses = 0;
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) pauses++;
    expect(step.value).toEqual(JSON.parse(text));
    expect(pauses).toBeGreaterThan(10);
    expect(() => [...parseStrictJsonInSteps(`${text.slice(0, -1)},`)]).toThrow(MalformedJson);
  });

  it('takes time in proportion to hostile texts', () => {
    const began = process.cpuUsage();
    for (const text of [
      nested(20_000),
      '{"a":'.repeat(20_000),
      keys(20_000),
      '"' + '\\'.repeat(100_001),
      `1.${'0'.repeat(100_000)}1`,
      `[${'1'.repeat(100_000)}]`,
      '['.repeat(1e5),
      `${'\n'.repeat(1e6)}x`,
      '1'.repeat(1e6),
    ]) {
      expect(refusalOf(text)).not.toMatch(/^accepted/);
    }
    expect(refusalOf(`[${'1,'.repeat(50_000)}1]`)).toMatch(/^accepted/);
    // Of the processor's time, not the clock's: others may be at work on it.
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(1_000);
  });

  it('points by RFC 6901', () => {
    expect(pointerTo([])).toBe('#');
    expect(pointerTo(['a/b', 0, '~'])).toBe('#/a~1b/0/~0');
  });
});
