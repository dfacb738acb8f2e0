/** A problem that cannot be planned, with the field that is wrong: one line for a person. */
export class InvalidProblem extends Error {}

const MAX_TEXT = 200;

function fail(path: string, expectation: string): never {
  throw new InvalidProblem(`${path} must be ${expectation}`);
}

/** Reads the fields of one JSON object, each with its path for the error. */
export class Fields {
  private readonly values: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    readonly path: string,
  ) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'an object');
    this.values = value as Record<string, unknown>;
  }

  has(name: string): boolean {
    return this.values[name] !== undefined && this.values[name] !== null;
  }

  isNull(name: string): boolean {
    return this.values[name] === null;
  }

  object(name: string): Fields {
    return new Fields(this.values[name], this.pathOf(name));
  }

  list(name: string): Fields[] {
    const value = this.values[name];
    if (!Array.isArray(value)) return fail(this.pathOf(name), 'a list');
    return value.map((item, index) => new Fields(item, `${this.pathOf(name)}[${index}]`));
  }

  text(name: string): string {
    const value = this.values[name];
    const isText = typeof value === 'string' && value !== '' && value.length <= MAX_TEXT;
    return isText ? value : fail(this.pathOf(name), `text of 1 to ${MAX_TEXT} characters`);
  }

  whole(name: string, least: number, most: number): number {
    const value = this.values[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      return fail(this.pathOf(name), `a whole number from ${least} to ${most}`);
    }
    return value;
  }

  /** Thousandths of a decimal number: exact, so that 0.1 is 100 and 0.0001 is an error. */
  thousandths(name: string, most: number): number {
    const value = this.values[name];
    const thousandths = typeof value === 'number' ? Math.round(value * 1000) : Number.NaN;
    const isExact = thousandths / 1000 === value && thousandths >= 0 && thousandths <= most;
    return isExact
      ? thousandths
      : fail(this.pathOf(name), `a number from 0 to ${most / 1000} with at most three decimals`);
  }

  truth(name: string): boolean {
    const value = this.values[name];
    return typeof value === 'boolean' ? value : fail(this.pathOf(name), 'true or false');
  }

  /** Milliseconds since 1970 of an RFC 3339 timestamp. */
  time(name: string): number {
    const value = this.values[name];
    const form = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
    const timeMs = typeof value === 'string' && form.test(value) ? Date.parse(value) : Number.NaN;
    return Number.isNaN(timeMs) ? fail(this.pathOf(name), 'a timestamp such as 2026-01-01T00:00:00Z') : timeMs;
  }

  /** One of a few words. */
  word<Word extends string>(name: string, words: readonly Word[]): Word {
    return words.find((word) => word === this.values[name]) ?? fail(this.pathOf(name), `one of ${words.join(', ')}`);
  }

  private pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}
