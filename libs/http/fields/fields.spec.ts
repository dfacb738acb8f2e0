import { describe, expect, it } from '@jest/globals';
import { IsEmail, IsIn } from 'class-validator';
import fc from 'fast-check';

import {
  ArrayField,
  DecimalField,
  type DtoClass,
  FreeTextField,
  IdField,
  IntegerField,
  integerRule,
  ListField,
  MapField,
  NameField,
  ObjectField,
  ObjectRule,
  readDto,
  StringField,
  stringRule,
  TimestampField,
} from '#http';

import { CrateDto, CrateQuery } from '../testing/test-app.js';

const aCrate = { name: 'blue', resources: { cpu: 1, memoryMib: 2 } };

/** `pointer code` of every error, and the value when there is none. */
function judge(type: DtoClass, plain: unknown, source: 'json' | 'query' = 'json'): unknown {
  const { value, errors } = readDto(type, plain, source);
  return errors.length > 0 ? errors.map(({ pointer, code }) => `${pointer} ${code}`) : { ...value };
}

/** One field's verdict on a value: `ok`, or the code. */
function verdict(decorator: PropertyDecorator, value: unknown, source: 'json' | 'query' = 'json'): unknown {
  class OneDto {}
  decorator(OneDto.prototype, 'it');
  const { errors } = readDto(OneDto, { it: value }, source);
  return errors[0]?.code ?? 'ok';
}

function kept(decorator: PropertyDecorator, value: unknown): unknown {
  class OneDto {}
  decorator(OneDto.prototype, 'it');
  return (readDto(OneDto, { it: value }, 'json').value as { it?: unknown }).it;
}

describe('a DTO', () => {
  it('returns an instance with what was sent and the defaults, and nothing else', () => {
    const { value } = readDto(CrateDto, aCrate, 'json');
    expect(value).toBeInstanceOf(CrateDto);
    expect(Object.keys(value)).toEqual(['name', 'resources', 'fragile']);
    expect('note' in value).toBe(false);
  });

  it.each<[string, unknown, string[]]>([
    ['nothing', {}, ['#/name required', '#/resources required']],
    ['a list', [aCrate], ['# type']],
    ['null', null, ['# type']],
    ['a word', 'x', ['# type']],
    ['a missing nested object', { name: 'a' }, ['#/resources required']],
    ['null for a nested object', { ...aCrate, resources: null }, ['#/resources type']],
    ['a list for a nested object', { ...aCrate, resources: [] }, ['#/resources type']],
    ['a list of objects for a nested object', { ...aCrate, resources: [{ cpu: 1 }] }, ['#/resources type']],
    ['text for a nested object', { ...aCrate, resources: 'x' }, ['#/resources type']],
    ['an unknown field', { ...aCrate, orgId: 1 }, ['#/orgId unknown-field']],
    [
      'an unknown nested field',
      { ...aCrate, resources: { cpu: 1, memoryMib: 1, x: 1 } },
      ['#/resources/x unknown-field'],
    ],
    [
      'names of Object.prototype',
      { ...aCrate, constructor: 'x', toString: 'y' },
      ['#/constructor unknown-field', '#/toString unknown-field'],
    ],
    ['a rule over several fields', { ...aCrate, resources: { cpu: 0, memoryMib: 0 } }, ['#/resources all-zero']],
    [
      'a wrong item',
      { ...aCrate, parts: [{ item: 'a' }, { item: '' }, 3] },
      ['#/parts/1/item too-short', '#/parts/2 type'],
    ],
    ['an object for text', { ...aCrate, note: { $ne: null } }, ['#/note type']],
    ['an object for a list', { ...aCrate, parts: {} }, ['#/parts type']],
    ['null where it is not allowed', { ...aCrate, note: null }, ['#/note type']],
  ])('refuses %s', (_what, plain, expected) => {
    expect(judge(CrateDto, plain)).toEqual(expected);
  });

  it('lists at most 20 errors, and reads no item of a list that is too long', () => {
    const long = { ...aCrate, parts: Array.from({ length: 10_000 }, () => 1) };
    expect(judge(CrateDto, long)).toEqual(['#/parts too-many']);
    const unknown = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`x${index}`, 1]));
    expect(judge(CrateDto, { ...aCrate, ...unknown })).toHaveLength(20);
    const wrong = { ...aCrate, parts: Array.from({ length: 100 }, () => ({ item: 1 })) };
    expect(judge(CrateDto, wrong)).toHaveLength(20);
  });

  it('accepts null where a field is nullable, and lowers the case of ids', () => {
    const ownerId = '01990D6B-7B3E-7C44-A5F8-5D1C2F9E8A10';
    expect(judge(CrateDto, { ...aCrate, dueAt: null, ownerId })).toMatchObject({
      dueAt: null,
      ownerId: ownerId.toLowerCase(),
    });
  });

  it('inherits the rules of its base class without changing them', () => {
    class BaseDto {
      @IntegerField({ description: '', min: 0, max: 9 })
      readonly a!: number;
    }
    class DerivedDto extends BaseDto {
      @IntegerField({ description: '', min: 0, max: 9 })
      readonly b!: number;
    }
    expect(judge(DerivedDto, { a: 1 })).toEqual(['#/b required']);
    expect(judge(BaseDto, { a: 1 })).toEqual({ a: 1 });
  });

  it("applies class-validator's own decorators", () => {
    class MailDto {
      @IsEmail()
      @StringField({ description: '', max: 50 })
      readonly mail!: string;
    }
    expect(judge(MailDto, { mail: 'x' })).toEqual(['#/mail is-email']);
    expect(judge(MailDto, { mail: 3 })).toEqual(['#/mail type']);
    expect(judge(MailDto, { mail: 'a@b.example' })).toEqual({ mail: 'a@b.example' });
  });

  it('applies decorators that class-validator treats in another way than a constraint of the field', () => {
    class TagsDto {
      @IsIn(['a', 'b'], { each: true })
      @ListField(stringRule({ description: '', max: 9 }), { description: '', max: 3 })
      readonly tags!: string[];

      @IsEmail({}, { validateIf: ({ tags }: TagsDto) => tags.length > 1 })
      @StringField({ description: '', max: 50 })
      readonly mail!: string;
    }
    expect(judge(TagsDto, { tags: ['a', 'c'], mail: 'a@b.example' })).toEqual(['#/tags is-in']);
    expect(judge(TagsDto, { tags: ['a', 'b'], mail: 'x' })).toEqual(['#/mail is-email']);
    expect(judge(TagsDto, { tags: ['a'], mail: 'x' })).toEqual({ tags: ['a'], mail: 'x' });
  });

  it('applies rules over several fields only when each field is valid', () => {
    @ObjectRule<RangeDto>(({ from, to }) =>
      to < from ? { field: 'to', code: 'order', message: 'ends early' } : undefined,
    )
    class RangeDto {
      @IntegerField({ description: '', min: 0, max: 9 })
      readonly from!: number;
      @IntegerField({ description: '', min: 0, max: 9 })
      readonly to!: number;
    }
    expect(judge(RangeDto, { from: 2, to: 1 })).toEqual(['#/to order']);
    expect(judge(RangeDto, { from: 20, to: 1 })).toEqual(['#/from too-large']);
  });
});

/** Options of a text that the cases below do not vary. */
const text = { description: '', max: 3 };

describe("class-validator's traps", () => {
  it('keeps a field required that a base class declares optional', () => {
    class BaseDto {
      @StringField({ ...text, optional: true, nullable: true })
      readonly a?: string | null;
    }
    class DerivedDto extends BaseDto {
      @StringField(text)
      declare readonly a: string;
    }
    expect(judge(DerivedDto, {})).toEqual(['#/a required']);
    expect(judge(DerivedDto, { a: null })).toEqual(['#/a type']);
    expect(judge(BaseDto, {})).toEqual({});
  });

  it('applies the rules over several fields of a base class and of its derived class', () => {
    @ObjectRule<BaseDto>(({ a }) => (a === 'x' ? { code: 'base', message: 'is x' } : undefined))
    class BaseDto {
      @StringField(text)
      readonly a!: string;
    }
    @ObjectRule<DerivedDto>(({ a }) => (a === 'y' ? { code: 'derived', message: 'is y' } : undefined))
    class DerivedDto extends BaseDto {}
    expect(judge(DerivedDto, { a: 'x' })).toEqual(['# base']);
    expect(judge(DerivedDto, { a: 'y' })).toEqual(['# derived']);
    expect(judge(BaseDto, { a: 'y' })).toEqual({ a: 'y' });
  });

  it.each<[string, unknown, string[]]>([
    ['a list in place of a list item', { ...aCrate, parts: [[]] }, ['#/parts/0 type']],
    ['null in place of a list item', { ...aCrate, parts: [null] }, ['#/parts/0 type']],
    [
      'a nested own key `constructor`',
      { ...aCrate, resources: { constructor: 1 } },
      ['#/resources/constructor unknown-field', '#/resources/cpu required', '#/resources/memoryMib required'],
    ],
    ['a map entry, by its key', { ...aCrate, labels: { ok: 'a', long: 'x'.repeat(21) } }, ['#/labels/long too-long']],
  ])('refuses %s', (_what, plain, expected) => {
    expect(judge(CrateDto, plain)).toEqual(expected);
  });

  it('counts variation selectors, and applies a pattern and a check to one text', () => {
    const check = (value: string): { code: string; message: string } | undefined =>
      value === 'abc' ? { code: 'taken', message: 'is taken' } : undefined;
    const field = StringField({ ...text, pattern: /^[a-z]+$/, check });
    expect(verdict(StringField(text), '✈\ufe0f✈\ufe0f')).toBe('too-long');
    expect(['A', 'abc', 'abd'].map((value) => verdict(field, value))).toEqual(['pattern', 'taken', 'ok']);
  });

  it('applies no rule over several fields to an object that is not read because 20 errors were found', () => {
    @ObjectRule<InnerDto>(({ a }) => (a.startsWith('x') ? { code: 'x', message: 'begins with x' } : undefined))
    class InnerDto {
      @StringField(text)
      readonly a!: string;
    }
    class OuterDto {
      @ObjectField(() => InnerDto, { description: '' })
      readonly inner!: InnerDto;
    }
    const unknown = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`x${index}`, 1]));
    expect(judge(OuterDto, { ...unknown, inner: {} })).toHaveLength(20);
  });
});

describe('numbers', () => {
  const cpu = DecimalField({ description: '', min: 0, max: 1_000_000, maxDecimals: 3 });
  it.each([
    [0, 'ok'],
    [2.5, 'ok'],
    [0.001, 'ok'],
    [999_999.999, 'ok'],
    [1e6, 'ok'],
    [-1, 'too-small'],
    [-0.001, 'too-small'],
    [0.0001, 'too-many-decimals'],
    [1e-7, 'too-many-decimals'],
    [1.0005, 'too-many-decimals'],
    [1_000_000.001, 'too-large'],
    [2 ** 53, 'too-large'],
    ['1', 'type'],
    [true, 'type'],
    [null, 'type'],
    [[], 'type'],
    [[1], 'type'],
    [{}, 'type'],
    [NaN, 'type'],
    [Infinity, 'type'],
  ])('answers for the decimal %p: %s', (value, expected) => {
    expect(verdict(cpu, value)).toBe(expected);
  });

  it('accepts exactly the thousandths with three decimals', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), (thousandths) => {
        expect(verdict(cpu, thousandths / 1000)).toBe('ok');
      }),
    );
  });

  const count = IntegerField({ description: '', min: 0, max: 2_147_483_647 });
  it.each([
    [1, 'ok'],
    [2_147_483_648, 'too-large'],
    [1.5, 'type'],
    ['1', 'type'],
    [false, 'type'],
  ])('answers for the whole number %p: %s', (value, expected) => {
    expect(verdict(count, value)).toBe(expected);
  });
});

describe('texts', () => {
  const name = NameField({ description: '', max: 64 });
  it.each([
    ['Łódź 北京 Ωμέγα', 'ok'],
    ['😀'.repeat(64), 'ok'],
    ['😀'.repeat(65), 'too-long'],
    ['family 👩‍👩‍👧‍👦', 'ok'],
    ['', 'too-short'],
    ['   ', 'too-short'],
    ['\u00a0\u3000', 'too-short'],
    ['a\u202eb', 'invalid-text'],
    ['a\u200bb', 'invalid-text'],
    ['a\u200db', 'invalid-text'],
    ['a\u2066b', 'invalid-text'],
    ['a\ufeffb', 'invalid-text'],
    ['a\nb', 'invalid-text'],
    ['a\tb', 'invalid-text'],
    ['a\u0085b', 'invalid-text'],
    ['a\u2028b', 'invalid-text'],
    ['a\u00adb', 'invalid-text'],
    ['a\u3164b', 'invalid-text'],
    ['a\u0000b', 'invalid-text'],
    ['\ud800', 'invalid-text'],
    [{ $ne: null }, 'type'],
    [5, 'type'],
    ['x'.repeat(1_000_000), 'too-long'],
  ])('answers for the name %j: %s', (value, expected) => {
    expect(verdict(name, value)).toBe(expected);
  });

  it('keeps names in NFC without spaces around them', () => {
    expect(kept(name, '  Cafe\u0301 ')).toBe('Café');
  });

  it('keeps free text verbatim', () => {
    const text = FreeTextField({ description: '', max: 100 });
    for (const value of ['', ' <script>alert(1)</script>\n', "'; DROP TABLE users;--", 'e\u0301']) {
      expect(verdict(text, value)).toBe('ok');
      expect(kept(text, value)).toBe(value);
    }
    expect(verdict(text, 'a\0')).toBe('invalid-text');
    expect(verdict(text, 'x'.repeat(101))).toBe('too-long');
  });

  it('compares a text with its pattern only when the text is short enough', () => {
    const slug = StringField({ description: '', max: 20, pattern: /^[a-z]+$/, patternMessage: 'must be lower case' });
    expect(verdict(slug, 'abc')).toBe('ok');
    expect(verdict(slug, 'aBc')).toBe('pattern');
    expect(verdict(slug, 'a'.repeat(50_000) + '!')).toBe('too-long');
    expect(verdict(slug, 'abc\n')).toBe('pattern');
  });

  it('counts texts in code points', () => {
    const three = StringField({ description: '', min: 2, max: 3 });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 6 }), (value) => {
        const length = [...value].length;
        const expected =
          length < 2 ? 'too-short' : length > 3 ? 'too-long' : value.includes('\0') ? 'invalid-text' : 'ok';
        expect(verdict(three, value)).toBe(expected);
      }),
    );
  });
});

describe('ids and timestamps', () => {
  const id = IdField({ description: '' });
  it.each([
    ['01990d6b-7b3e-7c44-a5f8-5d1c2f9e8a10', 'ok'],
    ['00000000-0000-0000-0000-000000000000', 'ok'],
    ['abc', 'invalid-id'],
    ['01990d6b7b3e7c44a5f85d1c2f9e8a10', 'invalid-id'],
    ['{01990d6b-7b3e-7c44-a5f8-5d1c2f9e8a10}', 'invalid-id'],
    ['01990d6b-7b3e-7c44-a5f8-5d1c2f9e8a10\n', 'invalid-id'],
    ['', 'invalid-id'],
    [7, 'invalid-id'],
  ])('answers for the id %j: %s', (value, expected) => {
    expect(verdict(id, value)).toBe(expected);
  });

  it.each([
    ['2026-01-31T12:00:00Z', 'ok'],
    ['2026-02-31T00:00:00Z', 'invalid-timestamp'],
    ['', 'invalid-timestamp'],
    [0, 'invalid-timestamp'],
  ])('answers for the timestamp %j: %s', (value, expected) => {
    expect(verdict(TimestampField({ description: '' }), value)).toBe(expected);
  });
});

describe('lists and maps', () => {
  const labels = MapField({
    description: '',
    example: {},
    maxEntries: 2,
    key: /^[a-z]+$/,
    keyMessage: 'must have keys in lower case',
    maxKeyLength: 5,
    maxValueLength: 5,
  });
  it.each<[unknown, string]>([
    [{}, 'ok'],
    [{ a: '1', b: '' }, 'ok'],
    [{ a: '1', b: '2', c: '3' }, 'too-many'],
    [{ 'PATH=x': '1' }, 'invalid-key'],
    [{ toolong: '1' }, 'invalid-key'],
    [{ a: 1 }, 'type'],
    [{ a: null }, 'type'],
    [{ a: '123456' }, 'too-long'],
    [{ a: 'x\0' }, 'invalid-text'],
    [[], 'type'],
    ['x', 'type'],
  ])('answers for the map %j: %s', (value, expected) => {
    expect(verdict(labels, value)).toBe(expected);
  });

  it('counts the entries of a list', () => {
    const list = ListField(integerRule({ description: '', min: 0, max: 5 }), { description: '', min: 1, max: 2 });
    expect(verdict(list, [1])).toBe('ok');
    expect(verdict(list, [])).toBe('too-few');
    expect(verdict(list, [1, 2, 3])).toBe('too-many');
    expect(verdict(list, [1, '2'])).toBe('type');
    expect(verdict(list, [1, 9])).toBe('too-large');
    expect(
      verdict(
        ArrayField(() => CrateDto, { description: '', max: 1 }),
        [{}],
      ),
    ).toBe('required');
    expect(
      verdict(
        ObjectField(() => CrateDto, { description: '' }),
        aCrate,
      ),
    ).toBe('ok');
  });
});

describe('query parameters', () => {
  it.each<[Record<string, unknown>, unknown]>([
    [{}, { limit: 50 }],
    [{ limit: '10' }, { limit: 10 }],
    [{ limit: '0' }, ['limit too-small']],
    [{ limit: '-1' }, ['limit too-small']],
    [{ limit: '101' }, ['limit too-large']],
    [{ limit: 'abc' }, ['limit type']],
    [{ limit: '' }, ['limit type']],
    [{ limit: '1e2' }, ['limit type']],
    [{ limit: '0x10' }, ['limit type']],
    [{ limit: ' 5' }, ['limit type']],
    [{ limit: '05' }, ['limit type']],
    [{ limit: '5.0' }, ['limit type']],
    [{ 'limit[]': '5' }, ['limit[] unknown-parameter']],
    [{ '__proto__[x]': '1' }, ['__proto__[x] unknown-parameter']],
    [{ fragile: 'false' }, { limit: 50, fragile: false }],
    [{ fragile: 'False' }, ['fragile type']],
    [{ urgency: 'low,high' }, { limit: 50, urgency: ['low', 'high'] }],
    [{ urgency: ['low', 'high'] }, { limit: 50, urgency: ['low', 'high'] }],
    [{ urgency: ['low,high', 'low'] }, ['urgency too-many']],
    [{ urgency: ['low', 'nope'] }, ['urgency one-of']],
    [{ urgency: 'low,(select 1)' }, ['urgency one-of']],
    [{ sort: 'name;drop' }, ['sort unknown-parameter']],
  ])('reads the query %j', (query, expected) => {
    expect(judge(CrateQuery, query, 'query')).toEqual(expected);
  });
});
