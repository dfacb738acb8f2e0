import { IsString, IsUUID, Matches } from 'class-validator';

import { isTimestamp } from '#kernel';

import { CheckedBy, coded, Satisfies, type Violation } from './checks.js';
import { field, type FieldOptions, type FieldRule } from './rule.js';

/** Options of a text. Lengths count code points, not bytes and not UTF-16 units. */
export interface StringOptions extends FieldOptions<string> {
  /** Default 1. */
  readonly min?: number;
  readonly max: number;
  /** The whole text must match. Must be linear in the text's length: no nested or adjacent quantifiers over the same characters. */
  readonly pattern?: RegExp;
  /** Describes the pattern: "must be ...". */
  readonly patternMessage?: string;
  readonly format?: string;
  /** Never part of an answer: passwords, tokens. */
  readonly writeOnly?: boolean;
  /** Normalizes the text before it is checked. */
  readonly normalize?: (text: string) => string;
  /** An additional check of an otherwise valid text. */
  readonly check?: (text: string) => Violation | undefined;
}

/** The length in code points; counting stops once the limit is exceeded. */
function lengthOf(text: string, limit: number): number {
  if (text.length > limit * 2) {
    return limit + 1;
  }
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    length += unit >= 0xdc00 && unit <= 0xdfff ? 0 : 1;
  }
  return length;
}

const NOT_TEXT = ['type', 'must be text'] as const;

/** The limits of a text's length. */
type Length = Pick<StringOptions, 'min' | 'max'>;

/** What is wrong with the characters of a text. class-validator's own lengths leave out variation selectors. */
function checkCharacters(text: string, { min = 1, max }: Length): Violation | undefined {
  const length = lengthOf(text, max);
  if (length < min) {
    return { code: 'too-short', message: `must have at least ${min} ${min === 1 ? 'character' : 'characters'}` };
  }
  if (length > max) {
    return { code: 'too-long', message: `must have at most ${max} characters` };
  }
  return text.includes('\0') || !text.isWellFormed()
    ? { code: 'invalid-text', message: 'must not contain U+0000 or half of a surrogate pair' }
    : undefined;
}

/** What is wrong with a text in a map, where one constraint checks all entries. */
export function checkText(
  value: unknown,
  { pattern, patternMessage = '', ...length }: Length & Pick<StringOptions, 'pattern' | 'patternMessage'>,
): Violation | undefined {
  if (typeof value !== 'string') return { code: NOT_TEXT[0], message: NOT_TEXT[1] };
  return (
    checkCharacters(value, length) ??
    (pattern?.test(value) === false ? { code: 'pattern', message: patternMessage } : undefined)
  );
}

/** The rule of a text field. */
export function stringRule(options: StringOptions): FieldRule {
  const { min = 1, max, pattern, patternMessage = 'must have the documented form' } = options;
  const { format, writeOnly, normalize, check } = options;
  return {
    ...commonOf(options),
    schema: {
      type: 'string',
      ...(min > 0 ? { minLength: min } : {}),
      maxLength: max,
      ...(pattern === undefined ? {} : { pattern: pattern.source }),
      ...(format === undefined ? {} : { format }),
      ...(writeOnly === true ? { writeOnly } : {}),
      ...documentationOf(options),
    },
    checks: [
      IsString(coded(...NOT_TEXT)),
      CheckedBy('characters', (text: string) => checkCharacters(text, options)),
      ...(pattern === undefined ? [] : [Matches(pattern, coded('pattern', patternMessage))]),
      ...(check === undefined ? [] : [CheckedBy('check', check)]),
    ],
    ...(normalize === undefined
      ? {}
      : { normalize: (value: unknown) => (typeof value === 'string' ? normalize(value) : value) }),
  };
}

/** The parts of a rule that come from the options every field takes. */
export function commonOf(options: FieldOptions): Pick<FieldRule, 'optional' | 'nullable' | 'default'> {
  return {
    optional: options.optional ?? false,
    nullable: options.nullable ?? false,
    default: options.default,
  };
}

/** The parts of a schema that come from the options every field takes. */
export function documentationOf(options: FieldOptions): { description: string; example?: unknown } {
  return {
    description: options.description,
    ...(options.example === undefined ? {} : { example: options.example }),
  };
}

/** A text. */
export function StringField(options: StringOptions): PropertyDecorator {
  return field(stringRule(options));
}

// Controls (C0, C1), line and paragraph separators, bidirectional controls, zero-width and other invisible characters.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{115f}\u{1160}\u{3164}\u{ffa0}]|\u{034f}|\u{17b4}|\u{17b5}/u;
// Inside emoji sequences, the zero-width joiner is part of what users type.
const EMOJI_GLUE = /(?<=\p{Extended_Pictographic}\u{fe0f}?|\p{Emoji_Modifier})\u{200d}(?=\p{Extended_Pictographic})/gu;

/** Whether a text contains invisible characters, or characters that change the display of others. */
export function hasInvisibleCharacters(text: string): boolean {
  return INVISIBLE.test(text.replace(EMOJI_GLUE, ''));
}

/** Options of a name. */
export interface NameOptions extends FieldOptions<string> {
  /** Default 64. */
  readonly max?: number;
  /** An additional check of an otherwise valid name. */
  readonly check?: (name: string) => Violation | undefined;
}

/**
 * A display name: one line, kept in NFC without surrounding spaces, not blank, without invisible characters.
 * Lengths count code points of the normalized name.
 */
export function NameField(options: NameOptions): PropertyDecorator {
  return StringField({
    max: 64,
    ...options,
    min: 1,
    normalize: (text) => (text.length > 10_000 ? text : text.normalize('NFC').trim()),
    check: (text) =>
      hasInvisibleCharacters(text)
        ? { code: 'invalid-text', message: 'must not contain control, invisible or direction-changing characters' }
        : options.check?.(text),
  });
}

/** Free text of several lines: kept verbatim, without U+0000. */
export function FreeTextField(options: FieldOptions<string> & { readonly max: number }): PropertyDecorator {
  return StringField({ min: 0, ...options });
}

/** The rule of an id: a UUID, kept in lower case. */
export function idRule(options: FieldOptions<string>): FieldRule {
  return {
    ...commonOf(options),
    schema: {
      type: 'string',
      format: 'uuid',
      ...documentationOf({ example: '01990d6b-7b3e-7c44-a5f8-5d1c2f9e8a10', ...options }),
    },
    normalize: (value) => (typeof value === 'string' ? value.toLowerCase() : value),
    checks: [IsUUID('loose', coded('invalid-id', 'must be a UUID'))],
  };
}

/** An id. */
export function IdField(options: FieldOptions<string>): PropertyDecorator {
  return field(idRule(options));
}

/** A point in time, in RFC 3339 with an offset; answers are always in UTC. */
export function TimestampField(options: FieldOptions<string>): PropertyDecorator {
  return field({
    ...commonOf(options),
    schema: {
      type: 'string',
      format: 'date-time',
      ...documentationOf({ example: '2026-01-31T12:00:00.000Z', ...options }),
    },
    checks: [
      // class-validator's IsRFC3339 knows no calendar.
      Satisfies(
        'isTimestamp',
        (value: unknown) => typeof value === 'string' && isTimestamp(value),
        coded('invalid-timestamp', 'must be an RFC 3339 timestamp with offset, such as 2026-01-31T12:00:00Z'),
      ),
    ],
  });
}
