import type { FieldError } from '../domain-error.js';

/** Limits of a JSON document beside its size in bytes. */
export const JSON_LIMITS = { depth: 20, keysPerObject: 200 } as const;

/** The text is not JSON. The message gives the position. */
export class MalformedJson extends Error {}

/** The text is JSON that two parsers could read differently, or that exceeds the limits. */
export class AmbiguousJson extends Error {
  constructor(readonly field: FieldError) {
    super(field.message);
  }
}

/** No double needs more characters; longer numbers are refused without reading their digits. */
const MAX_NUMBER_LENGTH = 400;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Digits without zeros at either end, and the exponent of the last one: equal for equal decimal numbers. */
function decimalOf(source: string): string {
  const [mantissa = '', exponent = '0'] = source.toLowerCase().replace('-', '').split('e');
  const exponentSign = /e-/i.test(source) ? -1 : 1;
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  const last =
    exponentSign * Number(exponent.replace(/[+-]/, '')) - fraction.length + digits.length - significant.length;
  return significant === '' ? '0' : `${significant}e${last}`;
}

/** Whether a double shows the same decimal number again. Every number of at most 15 digits passes. */
function survivesAsDouble(source: string, value: number): boolean {
  if (!Number.isFinite(value) || source.length > MAX_NUMBER_LENGTH) {
    return false;
  }
  const isShort = source.length <= 15 && !source.includes('e') && !source.includes('E');
  return isShort || decimalOf(source) === decimalOf(String(value));
}

class Reader {
  private at = 0;
  private readonly path: (string | number)[] = [];

  constructor(
    private readonly text: string,
    private readonly line: number,
  ) {}

  document(): unknown {
    this.skipSpace();
    const value = this.value();
    this.skipSpace();
    if (this.at < this.text.length) {
      this.malformed();
    }
    return value;
  }

  private value(): unknown {
    const first = this.text[this.at];
    switch (first) {
      case '{':
        return this.object();
      case '[':
        return this.array();
      case '"':
        return this.string();
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      case undefined:
      default:
        return this.number();
    }
  }

  private object(): Record<string, unknown> {
    this.enter();
    const object: Record<string, unknown> = {};
    let keys = 0;
    if (!this.takes('}')) {
      do {
        this.skipSpace();
        if (this.text[this.at] !== '"') {
          this.malformed();
        }
        const key = this.string();
        this.path.push(key);
        if (Object.hasOwn(object, key)) {
          this.refuse('duplicate-key', 'occurs more than once');
        }
        if (key === '__proto__') {
          this.refuse('unknown-field', 'is not a known field');
        }
        if (++keys > JSON_LIMITS.keysPerObject) {
          this.path.pop();
          this.refuse('too-many-keys', `must not have more than ${JSON_LIMITS.keysPerObject} keys`);
        }
        this.expect(':');
        this.skipSpace();
        const value = this.value();
        if (key === 'constructor' && typeof value === 'object' && value !== null) {
          this.refuse('unknown-field', 'is not a known field');
        }
        object[key] = value;
        this.path.pop();
      } while (this.takes(','));
      this.expect('}');
    }
    this.depth--;
    return object;
  }

  private array(): unknown[] {
    this.enter();
    const array: unknown[] = [];
    if (!this.takes(']')) {
      do {
        this.skipSpace();
        this.path.push(array.length);
        array.push(this.value());
        this.path.pop();
      } while (this.takes(','));
      this.expect(']');
    }
    this.depth--;
    return array;
  }

  private string(): string {
    const start = this.at;
    let isEscaped = false;
    for (let end = start + 1; ; end++) {
      const unit = this.text.charCodeAt(end);
      if (unit === QUOTE) {
        this.at = end + 1;
        return isEscaped ? this.unescape(start) : this.text.slice(start + 1, end);
      }
      if (unit === BACKSLASH) {
        isEscaped = true;
        end++;
      } else if (!(unit >= 0x20)) {
        this.at = Math.min(end, this.text.length);
        this.malformed();
      }
    }
  }

  private unescape(start: number): string {
    let value = '';
    try {
      value = String(JSON.parse(this.text.slice(start, this.at)));
    } catch {
      this.at = start;
      this.malformed();
    }
    if (!value.isWellFormed() || value.includes('\0')) {
      this.refuse('invalid-text', 'must not contain U+0000 or half of a surrogate pair');
    }
    return value;
  }

  private number(): number {
    NUMBER.lastIndex = this.at;
    const source = NUMBER.exec(this.text)?.[0];
    if (source === undefined) {
      this.malformed();
    }
    const value = Number(source);
    if (!survivesAsDouble(source, value)) {
      this.refuse('not-exact', 'has more digits, or is larger, than a double-precision number holds');
    }
    this.at += source.length;
    return value === 0 ? 0 : value;
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) {
      this.malformed();
    }
    this.at += word.length;
    return value;
  }

  private depth = 0;

  private enter(): void {
    this.at++;
    if (++this.depth > JSON_LIMITS.depth) {
      this.path.length = 1;
      this.refuse('too-deep', `must not be nested more than ${JSON_LIMITS.depth} levels deep`);
    }
  }

  /** Skips space, then takes the character if it is there. */
  private takes(character: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== character) {
      return false;
    }
    this.at++;
    return true;
  }

  private expect(character: string): void {
    if (!this.takes(character)) {
      this.malformed();
    }
  }

  private skipSpace(): void {
    if (this.text.charCodeAt(this.at) <= 0x20) {
      SPACE.lastIndex = this.at;
      SPACE.exec(this.text);
      this.at = SPACE.lastIndex;
    }
  }

  private malformed(): never {
    const before = this.text.slice(0, this.at).split('\n');
    const what = this.at >= this.text.length ? 'it ends too early' : 'there is an unexpected character';
    throw new MalformedJson(
      `${what} at line ${this.line + before.length - 1}, column ${(before.at(-1) ?? '').length + 1}`,
    );
  }

  private refuse(code: string, message: string): never {
    throw new AmbiguousJson({ pointer: pointerTo(this.path), code, message });
  }
}

/** The RFC 6901 pointer, in its URI fragment form, of a place in a body: `#/resources/cpu`. */
export function pointerTo(path: readonly (string | number)[]): string {
  return `#${path.map((step) => `/${String(step).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`;
}

/**
 * Reads JSON (RFC 8259) and refuses what other parsers may read differently: duplicate keys, `__proto__` and
 * `constructor.prototype` keys, numbers that a double cannot represent, U+0000 and lone surrogates, and documents that exceed
 * `JSON_LIMITS`. `-0` is read as 0. Linear in the length of the text. `line` is the line of the whole body at which the text begins.
 *
 * @throws MalformedJson, AmbiguousJson
 */
export function parseStrictJson(text: string, line = 1): unknown {
  return new Reader(text, line).document();
}
