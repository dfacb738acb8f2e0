import { isTimestamp, pointerTo } from '#kernel';
import { type Range } from '#packing';

import { probablyMeant } from './spelling.js';

/** A problem that cannot be planned, with the field that is wrong: one line for a person. */
export class InvalidProblem extends Error {}

type Path = readonly (string | number)[];

function fail(path: Path, expectation: string): never {
  throw new InvalidProblem(`${path.length === 0 ? 'the problem' : pointerTo(path)} ${expectation}`);
}

/** Reads the fields of one JSON object, each with its place for the error. It has those that are named, and no others. */
export class Fields<Name extends string> {
  private readonly values: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    names: readonly Name[],
    private readonly path: Path = [],
  ) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'must be an object');
    this.values = value as Record<string, unknown>;
    this.refuseUnknown(names);
  }

  /** Whether the field is there, be it null. */
  has(name: Name): boolean {
    return this.values[name] !== undefined;
  }

  /** Whether the field says something: for those that say by null the same as by not being there. */
  says(name: Name): boolean {
    return this.has(name) && !this.isNull(name);
  }

  isNull(name: Name): boolean {
    return this.values[name] === null;
  }

  object<Inner extends string>(name: Name, names: readonly Inner[]): Fields<Inner> {
    return new Fields(this.values[name], names, [...this.path, name]);
  }

  list<Inner extends string>(name: Name, names: readonly Inner[]): Fields<Inner>[] {
    const value = this.values[name];
    if (!Array.isArray(value)) return this.fail(name, 'must be a list');
    return value.map((item, index) => new Fields(item, names, [...this.path, name, index]));
  }

  /** Lengths count code points. */
  text(name: Name, { min, max }: Range): string {
    const value = this.values[name];
    const length = typeof value === 'string' ? lengthOf(value, max) : Number.NaN;
    return length >= min && length <= max
      ? String(value)
      : this.fail(name, `must be text of ${min} to ${max} characters`);
  }

  whole(name: Name, { min, max }: Range): number {
    const value = this.values[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      return this.fail(name, `must be a whole number from ${min} to ${max}`);
    }
    return value;
  }

  /** Thousandths of a decimal number: exact, so that 0.1 is 100 and 0.0001 is an error. */
  thousandths(name: Name, most: number): number {
    const value = this.values[name];
    const thousandths = typeof value === 'number' ? Math.round(value * 1000) : Number.NaN;
    const isExact = thousandths / 1000 === value && thousandths >= 0 && thousandths <= most;
    return isExact
      ? thousandths
      : this.fail(name, `must be a number from 0 to ${most / 1000} with at most three decimals`);
  }

  truth(name: Name): boolean {
    const value = this.values[name];
    return typeof value === 'boolean' ? value : this.fail(name, 'must be true or false');
  }

  /** Milliseconds since 1970 of an RFC 3339 timestamp. */
  time(name: Name, { min, max }: Range): number {
    const value = this.values[name];
    const timeMs = typeof value === 'string' && isTimestamp(value) ? Date.parse(value) : Number.NaN;
    if (timeMs >= min && timeMs <= max) return timeMs;
    const years = `from ${new Date(min).getUTCFullYear()} to ${new Date(max - 1).getUTCFullYear()}`;
    return this.fail(name, `must be a timestamp such as 2026-01-01T00:00:00Z, ${years}`);
  }

  /** One of a few words. */
  word<Word extends string>(name: Name, words: readonly Word[]): Word {
    return words.find((word) => word === this.values[name]) ?? this.fail(name, `must be one of ${words.join(', ')}`);
  }

  /** @throws InvalidProblem about one of the fields, or about the object */
  fail(name: Name | null, expectation: string): never {
    return fail(name === null ? this.path : [...this.path, name], expectation);
  }

  /** What is not known would have no effect, and nobody would be told. */
  private refuseUnknown(names: readonly Name[]): void {
    const known = new Set<string>(names);
    for (const name of Object.keys(this.values)) {
      if (known.has(name)) continue;
      const open = names.filter((candidate) => !this.has(candidate));
      const meant = probablyMeant(name, open);
      const hint = meant === null ? `known are ${names.join(', ')}` : `did you mean ${meant}?`;
      fail([...this.path, name], `is not a known field: ${hint}`);
    }
  }
}

/** The length in code points, counted no further than needed to know that a limit is exceeded. */
const lengthOf = (text: string, limit: number): number => (text.length > limit * 2 ? limit + 1 : [...text].length);
