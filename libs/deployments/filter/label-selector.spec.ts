import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  isFault,
  isLabelKey,
  isLabelValue,
  type LabelRequirement,
  type LabelSelector,
  labelSelectorOf,
  MAX_REQUIREMENTS,
  MAX_SELECTOR_LENGTH,
  MAX_VALUES,
  parseLabelSelector,
  selects,
} from './label-selector.js';

const faultOf = (text: string): string => {
  const read = parseLabelSelector(text);
  return isFault(read) ? `${read.at}: ${read.message}` : 'none';
};

const KEY = 'must have a label key here, such as team or example.com/team';
const VALUE = 'must have a label value here: letters, digits, -, _ and .';

const word = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,10}[A-Za-z0-9])?$/);
const key = fc.oneof(
  word,
  fc
    .tuple(fc.stringMatching(/^[a-z][a-z0-9]{0,5}(\.[a-z]{1,4}){0,2}$/), word)
    .map(([domain, name]) => `${domain}/${name}`),
);
const value = fc.oneof(word, fc.constant(''));
const values = fc.array(value, { minLength: 1, maxLength: 4 });
const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
  fc.record({ key, operator: fc.constantFrom('in' as const, 'not-in' as const), values }),
  fc.record({ key, operator: fc.constantFrom('exists' as const, 'absent' as const), values: fc.constant([]) }),
);
const selector = fc.array(requirement, { minLength: 1, maxLength: MAX_REQUIREMENTS });
const space = fc.constantFrom('', ' ', '  ', '\t');

/** One of the ways in which a requirement can be written. */
function written({ key: name, operator, values: list }: LabelRequirement, gap: string): string {
  const [only = ''] = list;
  switch (operator) {
    case 'exists':
      return `${gap}${name}${gap}`;
    case 'absent':
      return `!${gap}${name}${gap}`;
    case 'in':
      return list.length === 1 ? `${name}${gap}=${gap}${only}` : `${name} in (${list.join(`${gap},${gap}`)}${gap})`;
    case 'not-in':
      return list.length === 1 ? `${name}${gap}!=${gap}${only}` : `${name} notin${gap}(${list.join(`,${gap}`)})`;
  }
}

describe('a label selector', () => {
  it.each<[string, LabelSelector]>([
    ['team=vision', [{ key: 'team', operator: 'in', values: ['vision'] }]],
    ['team==vision', [{ key: 'team', operator: 'in', values: ['vision'] }]],
    ['team != vision', [{ key: 'team', operator: 'not-in', values: ['vision'] }]],
    ['team=', [{ key: 'team', operator: 'in', values: [''] }]],
    ['env in (a, b,c)', [{ key: 'env', operator: 'in', values: ['a', 'b', 'c'] }]],
    ['env in(a)', [{ key: 'env', operator: 'in', values: ['a'] }]],
    ['env notin (a,)', [{ key: 'env', operator: 'not-in', values: ['a', ''] }]],
    ['in', [{ key: 'in', operator: 'exists', values: [] }]],
    ['in in (in)', [{ key: 'in', operator: 'in', values: ['in'] }]],
    [
      ' example.com/a , !b ',
      [
        { key: 'example.com/a', operator: 'exists', values: [] },
        { key: 'b', operator: 'absent', values: [] },
      ],
    ],
  ])('reads %s', (text, expected) => {
    expect(parseLabelSelector(text)).toEqual(expected);
  });

  it.each([
    ['', `1: ${KEY}`],
    [' ', `2: ${KEY}`],
    [',', `1: ${KEY}`],
    ['a,', `3: ${KEY}`],
    ['a,,b', `3: ${KEY}`],
    ['=a', `1: ${KEY}`],
    ['!', `2: ${KEY}`],
    ['!!a', `2: ${KEY}`],
    ['-a=b', `1: ${KEY}`],
    ['a/b/c=d', `1: ${KEY}`],
    ['A.b/c=d', `1: ${KEY}`],
    ["a'--=b", `1: ${KEY}`],
    [`${'a'.repeat(64)}=b`, `1: ${KEY}`],
    ['a=b=c', '4: must have a comma or its end here'],
    ['a=b c', '5: must have a comma or its end here'],
    ['a=-', `3: ${VALUE}`],
    ['a=é', `3: ${VALUE}`],
    [`a=${'b'.repeat(64)}`, `3: ${VALUE}`],
    ['a>1', `1: ${KEY}`],
    ['a > 1', '3: must have one of =, ==, !=, in, notin after a key, or a comma'],
    ['a IN (b)', '3: must have one of =, ==, !=, in, notin after a key, or a comma'],
    ['a in b', '6: must have ( after in and notin'],
    ['a in (b', '8: must have a comma or ) after a value'],
    ['a in (b c)', '9: must have a comma or ) after a value'],
    ['a in (b))', '9: must have a comma or its end here'],
    ['a\u0000=b', `1: ${KEY}`],
    ['a\n=b', `1: ${KEY}`],
    [
      Array(MAX_REQUIREMENTS + 1)
        .fill('a')
        .join(','),
      `41: must have at most ${MAX_REQUIREMENTS} requirements`,
    ],
    [
      `a in (${Array(MAX_VALUES + 1)
        .fill('b')
        .join(',')})`,
      `107: must have at most ${MAX_VALUES} values in one list`,
    ],
  ])('refuses a selector with the position of its first fault: %j', (text, fault) => {
    expect(faultOf(text)).toBe(fault);
  });

  it('refuses a selector above the longest length', () => {
    expect(faultOf('a'.repeat(MAX_SELECTOR_LENGTH + 1))).toBe(
      `2001: must have at most ${MAX_SELECTOR_LENGTH} characters`,
    );
  });

  it('reads a selector whatever its spaces', () => {
    fc.assert(
      fc.property(selector, space, (meant, gap) => {
        expect(labelSelectorOf(meant.map((one) => written(one, gap)).join(','))).toEqual(meant);
      }),
    );
  });

  it('reads or refuses any text, and returns valid labels only', () => {
    const alphabet = fc.constantFrom(...Array.from('ab1-_./=!(), \tinnot\'"%\\é\u0000'));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(alphabet).map((all) => all.join('')),
        ),
        (text) => {
          const read = parseLabelSelector(text);
          if (isFault(read)) {
            expect(read.at).toBeGreaterThanOrEqual(1);
            expect(read.at).toBeLessThanOrEqual(text.length + 1);
            return;
          }
          expect(read.every((one) => isLabelKey(one.key) && one.values.every(isLabelValue))).toBe(true);
        },
      ),
    );
  });

  it('throws for a text that the field rule refuses', () => {
    expect(() => labelSelectorOf('=')).toThrow(TypeError);
  });
});

describe('matching of selectors', () => {
  const labels = { team: 'vision', env: '' };

  it.each([
    ['team=vision', true],
    ['team=Vision', false],
    ['team!=vision', false],
    ['team!=x', true],
    ['absent!=x', true],
    ['absent=', false],
    ['env=', true],
    ['env', true],
    ['!env', false],
    ['!absent', true],
    ['team in (a, vision)', true],
    ['team notin (a, vision)', false],
    ['absent notin (a)', true],
    ['team, env, !absent, team!=x', true],
    ['team, absent', false],
    ['toString', false],
    ['!toString', true],
  ])('matches %s: %s', (text, expected) => {
    expect(selects(labelSelectorOf(text), labels)).toBe(expected);
  });
});

describe('labels', () => {
  it.each(['a', 'A1', 'a.b-c_d', 'example.com/a', `${'a'.repeat(253)}/${'b'.repeat(63)}`])(
    'accepts the key %s',
    (text) => {
      expect(isLabelKey(text)).toBe(true);
    },
  );

  it.each(['', '/', 'a/', '/a', 'a-', '.a', 'a b', 'a..b/c', '-a/b', 'A/b', 'a/b/c', 'a'.repeat(64), 'ä'])(
    'refuses the key %j',
    (text) => {
      expect(isLabelKey(text)).toBe(false);
    },
  );
});
