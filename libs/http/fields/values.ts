import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  Max,
  Min,
} from 'class-validator';

import { CheckedBy, coded, Satisfies, type Violation } from './checks.js';
import { type DtoClass, field, type FieldOptions, type FieldRule, itemRule } from './rule.js';
import { checkText, commonOf, documentationOf, stringRule } from './text.js';

const INTEGER_TEXT = /^-?(0|[1-9][0-9]{0,15})$/;

const withinRange = (min: number, max: number): PropertyDecorator[] => [
  Min(min, coded('too-small', `must be at least ${min}`)),
  Max(max, coded('too-large', `must be at most ${max}`)),
];

/** The rule of a whole number. */
export function integerRule(options: FieldOptions<number> & { readonly min: number; readonly max: number }): FieldRule {
  const { min, max } = options;
  return {
    ...commonOf(options),
    schema: { type: 'integer', minimum: min, maximum: max, ...documentationOf(options) },
    fromText: (text) => (INTEGER_TEXT.test(text) ? Number(text) : text),
    checks: [IsInt(coded('type', 'must be a whole number')), ...withinRange(min, max)],
  };
}

/** A whole number within limits. */
export function IntegerField(
  options: FieldOptions<number> & { readonly min: number; readonly max: number },
): PropertyDecorator {
  return field(integerRule(options));
}

/** A number of things: a whole number from `min`, which is 0 by default, as far as numbers of JSON are exact. */
export function CountField(options: FieldOptions<number> & { readonly min?: number }): PropertyDecorator {
  return field(integerRule({ min: 0, ...options, max: Number.MAX_SAFE_INTEGER }));
}

/** Options of a number with decimals. */
export interface DecimalOptions extends FieldOptions<number> {
  readonly min: number;
  readonly max: number;
  /** The most digits after the point. */
  readonly maxDecimals: number;
}

/** Whether a number has at most that many decimals, judged by its shortest decimal form. */
function hasAtMostDecimals(value: number, decimals: number): boolean {
  if (Number.isInteger(value)) return true;
  const [mantissa = '', exponent = '0'] = String(value).split('e');
  const digits = (mantissa.split('.')[1] ?? '').length - Number(exponent);
  return digits <= decimals;
}

/** A number with a limited count of decimals. */
export function DecimalField(options: DecimalOptions): PropertyDecorator {
  const { min, max, maxDecimals } = options;
  return field({
    ...commonOf(options),
    schema: { type: 'number', minimum: min, maximum: max, ...documentationOf(options) },
    checks: [
      IsNumber({}, coded('type', 'must be a number')),
      ...withinRange(min, max),
      // IsNumber's own maxDecimalPlaces throws at numbers such as 1e-7.
      Satisfies(
        'maxDecimals',
        (value: number) => hasAtMostDecimals(value, maxDecimals),
        coded('too-many-decimals', `must have at most ${maxDecimals} decimals`),
      ),
    ],
  });
}

/** `true` or `false`; a text such as "true" is refused. */
export function BooleanField(options: FieldOptions<boolean>): PropertyDecorator {
  return field({
    ...commonOf(options),
    schema: { type: 'boolean', ...documentationOf(options) },
    fromText: (text) => (text === 'true' ? true : text === 'false' ? false : text),
    checks: [IsBoolean(coded('type', 'must be true or false'))],
  });
}

/** The rule of one word of a list. */
export function enumRule(
  words: readonly string[],
  options: FieldOptions<string> & { readonly name?: string },
): FieldRule {
  return {
    ...commonOf(options),
    schema: {
      type: 'string',
      enum: [...words],
      ...(options.name === undefined ? {} : { enumName: options.name }),
      // An optional field gets no example by default: the example of a whole object would then include the field.
      ...documentationOf(options.optional === true ? options : { example: words[0] ?? '', ...options }),
    },
    checks: [IsIn(words, coded('one-of', `must be one of ${words.join(', ')}`))],
  };
}

/** One word of a list. `name` makes it a named schema that several fields share. */
export function EnumField(
  words: readonly string[],
  options: FieldOptions<string> & { readonly name?: string },
): PropertyDecorator {
  return field(enumRule(words, options));
}

const anObject = IsObject(coded('type', 'must be an object'));

/** A nested object of another class. */
export function ObjectField(type: () => DtoClass, options: FieldOptions<object>): PropertyDecorator {
  return field({
    ...commonOf(options),
    schema: { type: () => type(), ...documentationOf(options) },
    nested: type,
    checks: [anObject],
  });
}

/** Options of a list. */
export interface ArrayOptions extends FieldOptions<readonly unknown[]> {
  /** Default 0. */
  readonly min?: number;
  readonly max: number;
}

const entries = (count: number): string => (count === 1 ? '1 entry' : `${count} entries`);

/** The parts of a rule that lists of all kinds have. */
function listOf({ min = 0, max }: ArrayOptions): Pick<FieldRule, 'checks' | 'count'> {
  return {
    count: { min, max },
    checks: [
      IsArray(coded('type', 'must be a list')),
      ArrayMinSize(min, coded('too-few', `must have at least ${entries(min)}`)),
      ArrayMaxSize(max, coded('too-many', `must have at most ${max} entries`)),
    ],
  };
}

const countOf = (min: number, max: number): { minItems?: number; maxItems: number } =>
  min > 0 ? { minItems: min, maxItems: max } : { maxItems: max };

/** A list of objects of another class. */
export function ArrayField(type: () => DtoClass, options: ArrayOptions): PropertyDecorator {
  return field(arrayRule(type, options));
}

/** A list of objects of another class, each answered separately: one that breaks a rule becomes an `InvalidItem`. */
export function ItemsField(type: () => DtoClass, options: ArrayOptions): PropertyDecorator {
  return field({ ...arrayRule(type, options), isLenient: true });
}

function arrayRule(type: () => DtoClass, options: ArrayOptions): FieldRule {
  const { min = 0, max } = options;
  return {
    ...commonOf(options),
    schema: { type: () => type(), isArray: true, ...countOf(min, max), ...documentationOf(options) },
    nested: type,
    ...listOf(options),
  };
}

/** A list of values, each by the same rule; as a query parameter separated by commas, or repeated. */
export function ListField(items: FieldRule, options: ArrayOptions): PropertyDecorator {
  const { min = 0, max } = options;
  const { description: _, example: __, enumName: ___, ...schema } = items.schema as Record<string, unknown>;
  return field({
    ...commonOf(options),
    schema: {
      type: 'array',
      items: schema,
      ...countOf(min, max),
      ...documentationOf(options),
    },
    items: itemRule(items),
    fromText: (text) => text.split(',').map((part) => items.fromText?.(part) ?? part),
    ...listOf(options),
  });
}

/** Options of a map from text to text. */
export interface MapOptions extends FieldOptions<Readonly<Record<string, string>>> {
  /** Required: Swagger UI would otherwise propose keys that may break the rule. */
  readonly example: Readonly<Record<string, string>>;
  readonly maxEntries: number;
  readonly key: RegExp;
  readonly maxKeyLength: number;
  /** Describes the keys: "must be ...". */
  readonly keyMessage: string;
  readonly maxValueLength: number;
  /** A pattern of the whole value; any text when left out. Linear in the text's length. */
  readonly value?: RegExp;
  /** Describes the values: "must be ...". */
  readonly valueMessage?: string;
}

/** A map from text to text, such as labels. An error points to the entry that breaks the rule. */
export function MapField(options: MapOptions): PropertyDecorator {
  const { value: pattern, valueMessage, maxValueLength } = options;
  const value = stringRule({
    description: '',
    min: 0,
    max: maxValueLength,
    ...(pattern === undefined ? {} : { pattern }),
    ...(valueMessage === undefined ? {} : { patternMessage: valueMessage }),
  });
  // Part of OpenAPI 3.1, but not of the decorator's types.
  const names: object = {
    propertyNames: { type: 'string', maxLength: options.maxKeyLength, pattern: options.key.source },
  };
  const { description: _, ...valueSchema } = value.schema as Record<string, unknown>;
  return field({
    ...commonOf(options),
    schema: {
      type: 'object',
      additionalProperties: valueSchema,
      ...names,
      maxProperties: options.maxEntries,
      ...documentationOf(options),
    },
    checks: [anObject, CheckedBy('entries', (map: object) => checkEntries(map, options))],
  });
}

/** One constraint for all entries: class-validator's `each` does not say which one it refuses. */
function checkEntries(map: object, options: MapOptions): Violation | undefined {
  const { value: pattern, valueMessage: patternMessage = '', maxValueLength: max, maxEntries } = options;
  const texts = Object.entries(map);
  if (texts.length > maxEntries) return { code: 'too-many', message: `must have at most ${maxEntries} entries` };
  for (const [key, text] of texts) {
    if (key.length > options.maxKeyLength || !options.key.test(key)) {
      return { code: 'invalid-key', message: options.keyMessage, field: key };
    }
    const violation = checkText(text, { min: 0, max, patternMessage, ...(pattern === undefined ? {} : { pattern }) });
    if (violation !== undefined) return { ...violation, field: key };
  }
  return undefined;
}

/** Options of an object whose content is not read here. */
export interface OpaqueOptions extends FieldOptions<object> {
  readonly example: object;
  /** The most bytes of it, as JSON without spaces in UTF-8. Left out only in answers. */
  readonly maxBytes?: number;
}

/** Whether the JSON of a value has at most a number of bytes. JSON that is far too large is not written. */
function isWithinBytes(value: object, maxBytes: number): boolean {
  let least = 0;
  const waiting: unknown[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    least += typeof next === 'string' ? next.length : 1;
    if (least > maxBytes) return false;
    if (typeof next !== 'object' || next === null) continue;
    for (const key in next) {
      least += Array.isArray(next) ? 0 : key.length;
      if (least + waiting.length > maxBytes) return false;
      waiting.push((next as Readonly<Record<string, unknown>>)[key]);
    }
  }
  return Buffer.byteLength(JSON.stringify(value)) <= maxBytes;
}

/** An object of any content, kept and returned as it was sent. */
export function OpaqueField(options: OpaqueOptions): PropertyDecorator {
  const { maxBytes = Infinity } = options;
  return field({
    ...commonOf(options),
    schema: { type: 'object', additionalProperties: true, ...documentationOf(options) },
    checks: [
      anObject,
      Satisfies(
        'maxBytes',
        (value: object) => isWithinBytes(value, maxBytes),
        coded('too-large', `must have at most ${maxBytes} bytes as JSON`),
      ),
    ],
  });
}
