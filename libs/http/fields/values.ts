import { type DtoClass, field, type FieldOptions, type FieldRule, type Violation, violationIn } from './rule.js';
import { commonOf, documentationOf, stringRule } from './text.js';

const INTEGER_TEXT = /^-?(0|[1-9][0-9]{0,15})$/;

function checkRange(value: number, min: number, max: number): Violation | undefined {
  if (value < min) {
    return { code: 'too-small', message: `must be at least ${min}` };
  }
  return value > max ? { code: 'too-large', message: `must be at most ${max}` } : undefined;
}

/** The rule of a whole number. */
export function integerRule(options: FieldOptions<number> & { readonly min: number; readonly max: number }): FieldRule {
  const { min, max } = options;
  return {
    ...commonOf(options),
    schema: { type: 'integer', minimum: min, maximum: max, ...documentationOf(options) },
    fromText: (text) => (INTEGER_TEXT.test(text) ? Number(text) : text),
    check: (value) => {
      if (typeof value !== 'number' || !Number.isInteger(value)) {
        return { code: 'type', message: 'must be a whole number' };
      }
      return checkRange(value, min, max);
    },
  };
}

/** A whole number within limits. */
export function IntegerField(
  options: FieldOptions<number> & { readonly min: number; readonly max: number },
): PropertyDecorator {
  return field(integerRule(options));
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
    check: (value) => {
      if (typeof value !== 'number' || !Number.isFinite(value)) {
        return { code: 'type', message: 'must be a number' };
      }
      const outside = checkRange(value, min, max);
      if (outside !== undefined) {
        return outside;
      }
      return hasAtMostDecimals(value, maxDecimals)
        ? undefined
        : { code: 'too-many-decimals', message: `must have at most ${maxDecimals} decimals` };
    },
  });
}

/** `true` or `false`, never a text that looks like it. */
export function BooleanField(options: FieldOptions<boolean>): PropertyDecorator {
  return field({
    ...commonOf(options),
    schema: { type: 'boolean', ...documentationOf(options) },
    fromText: (text) => (text === 'true' ? true : text === 'false' ? false : text),
    check: (value) => (typeof value === 'boolean' ? undefined : { code: 'type', message: 'must be true or false' }),
  });
}

/** The rule of one word out of a list. */
export function enumRule(
  words: readonly string[],
  options: FieldOptions<string> & { readonly name?: string },
): FieldRule {
  const known = new Set<unknown>(words);
  return {
    ...commonOf(options),
    schema: {
      type: 'string',
      enum: [...words],
      ...(options.name === undefined ? {} : { enumName: options.name }),
      // Where it may be left out, an example that nobody chose would say that it should not be.
      ...documentationOf(options.optional === true ? options : { example: words[0] ?? '', ...options }),
    },
    check: (value) =>
      known.has(value) ? undefined : { code: 'one-of', message: `must be one of ${words.join(', ')}` },
  };
}

/** One word out of a list. `name` makes it a named schema that several fields share. */
export function EnumField(
  words: readonly string[],
  options: FieldOptions<string> & { readonly name?: string },
): PropertyDecorator {
  return field(enumRule(words, options));
}

const NOT_AN_OBJECT: Violation = { code: 'type', message: 'must be an object' };

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A nested object of another class. */
export function ObjectField(type: () => DtoClass, options: FieldOptions<object>): PropertyDecorator {
  return field({
    ...commonOf(options),
    schema: { type: () => type(), ...documentationOf(options) },
    nested: type,
    check: (value) => (isObject(value) ? undefined : NOT_AN_OBJECT),
  });
}

/** Options of a list. */
export interface ArrayOptions extends FieldOptions<readonly unknown[]> {
  /** Default 0. */
  readonly min?: number;
  readonly max: number;
}

function checkCount(
  count: number,
  { min = 0, max }: { readonly min?: number; readonly max: number },
): Violation | undefined {
  if (count < min) {
    return { code: 'too-few', message: `must have at least ${min} ${min === 1 ? 'entry' : 'entries'}` };
  }
  return count > max ? { code: 'too-many', message: `must have at most ${max} entries` } : undefined;
}

const countOf = (min: number, max: number): { minItems?: number; maxItems: number } =>
  min > 0 ? { minItems: min, maxItems: max } : { maxItems: max };

const checkArray = (value: unknown, options: ArrayOptions): Violation | undefined =>
  Array.isArray(value) ? checkCount(value.length, options) : { code: 'type', message: 'must be a list' };

/** A list of objects of another class. */
export function ArrayField(type: () => DtoClass, options: ArrayOptions): PropertyDecorator {
  const { min = 0, max } = options;
  return field({
    ...commonOf(options),
    schema: { type: () => type(), isArray: true, ...countOf(min, max), ...documentationOf(options) },
    nested: type,
    check: (value) => checkArray(value, options),
  });
}

/** A list of objects of another class, each answered for itself: one that breaks a rule becomes an `InvalidItem`. */
export function ItemsField(type: () => DtoClass, options: ArrayOptions): PropertyDecorator {
  const { min = 0, max } = options;
  return field({
    ...commonOf(options),
    schema: { type: () => type(), isArray: true, ...countOf(min, max), ...documentationOf(options) },
    nested: type,
    isLenient: true,
    check: (value) => checkArray(value, options),
  });
}

/** A list of values, each by the same rule; as a query parameter separated by commas. */
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
    items,
    fromText: (text) => text.split(',').map((part) => items.fromText?.(part) ?? part),
    check: (value) => checkArray(value, options),
  });
}

/** Options of a map from text to text. */
export interface MapOptions extends FieldOptions<Readonly<Record<string, string>>> {
  /** Swagger UI would otherwise propose keys of its own, which may break the rule. */
  readonly example: Readonly<Record<string, string>>;
  readonly maxEntries: number;
  readonly key: RegExp;
  readonly maxKeyLength: number;
  /** What a key must be, in words: "must be ...". */
  readonly keyMessage: string;
  readonly maxValueLength: number;
  /** What the whole value must match; anything when left out. Linear in the text's length. */
  readonly value?: RegExp;
  /** What a value must be, in words: "must be ...". */
  readonly valueMessage?: string;
}

/** A map from text to text, such as labels. A refusal points to the entry that breaks the rule. */
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
    check: (map) => (isObject(map) ? checkEntries(map as object, options, value) : NOT_AN_OBJECT),
  });
}

function checkEntries(map: object, options: MapOptions, value: FieldRule): Violation | undefined {
  const entries = Object.entries(map);
  const count = checkCount(entries.length, { max: options.maxEntries });
  if (count !== undefined) return count;
  for (const [key, text] of entries) {
    if (key.length > options.maxKeyLength || !options.key.test(key)) {
      return { code: 'invalid-key', message: options.keyMessage, key };
    }
    const violation = violationIn(value, text);
    if (violation !== undefined) return { ...violation, key };
  }
  return undefined;
}

/** Options of an object whose content is not read here. */
export interface OpaqueOptions extends FieldOptions<object> {
  readonly example: object;
  /** The most bytes of it, as JSON without spaces in UTF-8. Left out only in answers. */
  readonly maxBytes?: number;
}

/** An object of any content, kept and returned as it was sent. */
export function OpaqueField(options: OpaqueOptions): PropertyDecorator {
  const { maxBytes = Infinity } = options;
  return field({
    ...commonOf(options),
    schema: { type: 'object', additionalProperties: true, ...documentationOf(options) },
    check: (value) => {
      if (!isObject(value)) return NOT_AN_OBJECT;
      return Buffer.byteLength(JSON.stringify(value)) > maxBytes
        ? { code: 'too-large', message: `must have at most ${maxBytes} bytes as JSON` }
        : undefined;
    },
  });
}
