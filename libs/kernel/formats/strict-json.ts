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
const NEWLINE = 0x0a;

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
  if (!Number.isFinite(value)) {
    return false;
  }
  const isShort = source.length <= 15 && !source.includes('e') && !source.includes('E');
  return isShort || decimalOf(source) === decimalOf(String(value));
}

/** An object or a list that has begun and not ended, with the keys that it has and the key whose value is read. */
interface Open {
  readonly list: unknown[] | undefined;
  readonly object: Record<string, unknown> | undefined;
  keys: number;
  key: string | undefined;
}

/** Reads a document value by value: it can pause after each of them. */
class Reader {
  /** The document, when it is complete. */
  document: unknown;
  private at = 0;
  /** The containers around the value that is read next, from the outermost. */
  private readonly around: Open[] = [];

  constructor(
    private readonly text: string,
    private readonly line: number,
  ) {
    this.skipSpace();
  }

  /** Reads on, until a number of values has begun. @returns whether the document is complete */
  advance(most: number): boolean {
    for (let left = most; left > 0; left--) {
      const first = this.text[this.at];
      if (first === '{') {
        if (this.opens({ list: undefined, object: {}, keys: 0, key: undefined }, '}')) this.key();
        else if (this.closes()) return true;
      } else if (first === '[') {
        if (this.opens({ list: [], object: undefined, keys: 0, key: undefined }, ']')) this.skipSpace();
        else if (this.closes()) return true;
      } else if (this.put(this.scalar(first))) return true;
    }
    return false;
  }

  /** Begins a container. @returns whether it has an entry */
  private opens(container: Open, end: string): boolean {
    this.at++;
    if (this.around.length >= JSON_LIMITS.depth) {
      this.around.length = 1;
      this.refuse('too-deep', `must not be nested more than ${JSON_LIMITS.depth} levels deep`);
    }
    this.around.push(container);
    return !this.takes(end);
  }

  /** Ends the innermost container. @returns whether the document is complete */
  private closes(): boolean {
    const ended = this.around.pop();
    return this.put(ended?.list ?? ended?.object);
  }

  /** Adds a complete value to its container, which may be complete then. @returns whether the document is */
  private put(complete: unknown): boolean {
    for (let value = complete; ;) {
      const open = this.around.at(-1);
      if (open === undefined) return this.ends(value);
      if (open.list !== undefined) {
        open.list.push(value);
        if (this.takes(',')) {
          this.skipSpace();
          return false;
        }
        this.expect(']');
        value = open.list;
      } else {
        this.setKey(open, value);
        if (this.takes(',')) {
          this.key();
          return false;
        }
        this.expect('}');
        value = open.object;
      }
      this.around.pop();
    }
  }

  private ends(document: unknown): true {
    this.skipSpace();
    if (this.at < this.text.length) this.malformed();
    this.document = document;
    return true;
  }

  private setKey({ object = {}, key = '' }: Open, value: unknown): void {
    if (key === 'constructor' && typeof value === 'object' && value !== null) {
      this.refuse('unknown-field', 'is not a known field');
    }
    object[key] = value;
  }

  /** Reads the next key of the innermost object, and its colon. */
  private key(): void {
    const open = this.around.at(-1);
    if (open?.object === undefined) return;
    this.skipSpace();
    open.key = undefined;
    if (this.text[this.at] !== '"') this.malformed();
    const key = this.string();
    open.key = key;
    if (Object.hasOwn(open.object, key)) this.refuse('duplicate-key', 'occurs more than once');
    if (key === '__proto__') this.refuse('unknown-field', 'is not a known field');
    if (++open.keys > JSON_LIMITS.keysPerObject) {
      open.key = undefined;
      this.refuse('too-many-keys', `must not have more than ${JSON_LIMITS.keysPerObject} keys`);
    }
    this.expect(':');
    this.skipSpace();
  }

  private scalar(first: string | undefined): unknown {
    switch (first) {
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
    // The value of a number that is too long is not computed.
    const value = source.length > MAX_NUMBER_LENGTH ? Infinity : Number(source);
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
    let lines = 0;
    let from = 0;
    for (let at = 0; at < this.at; at++) {
      if (this.text.charCodeAt(at) !== NEWLINE) continue;
      lines++;
      from = at + 1;
    }
    const what = this.at >= this.text.length ? 'it ends too early' : 'there is an unexpected character';
    throw new MalformedJson(`${what} at line ${this.line + lines}, column ${this.at - from + 1}`);
  }

  private refuse(code: string, message: string): never {
    const path = this.around.flatMap(({ list, key }) => (list === undefined ? (key ?? []) : list.length));
    throw new AmbiguousJson({ pointer: pointerTo(path), code, message });
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
  const reader = new Reader(text, line);
  reader.advance(Infinity);
  return reader.document;
}

/** How many values a long document is read on for between two pauses: about a tenth of a millisecond. */
const VALUES_PER_STEP = 500;

/** Reads JSON as {@link parseStrictJson} does, with a pause after every few hundred values. @throws MalformedJson, AmbiguousJson */
export function* parseStrictJsonInSteps(text: string): Generator<undefined, unknown, undefined> {
  const reader = new Reader(text, 1);
  while (!reader.advance(VALUES_PER_STEP)) yield;
  return reader.document;
}
