import { LABEL_KEY, LABEL_VALUE, MAX_LABEL_KEY_LENGTH, MAX_LABEL_VALUE_LENGTH } from '../fields/labels.js';

/** One requirement of a selector. */
export interface LabelRequirement {
  readonly key: string;
  /**
   * `in`: the label exists with one of the values. `not-in`: it does not exist, or has another value. `exists` and `absent` look at the
   * key alone.
   */
  readonly operator: 'in' | 'not-in' | 'exists' | 'absent';
  /** At least one for `in` and `not-in`, otherwise none. */
  readonly values: readonly string[];
}

/** Requirements that must all hold. */
export type LabelSelector = readonly LabelRequirement[];

/** A syntax error of a selector, and its position. */
export interface SelectorFault {
  /** The character, from 1. */
  readonly at: number;
  readonly message: string;
}

/** The longest selector that is read. */
export const MAX_SELECTOR_LENGTH = 2_000;

/** The most requirements of one selector: each is compared with every row that meets the others. */
export const MAX_REQUIREMENTS = 20;

/** The most values of one requirement. */
export const MAX_VALUES = 50;

class Fault extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

/** Reads the grammar from left to right, never back. */
class SelectorReader {
  private at = 0;

  constructor(private readonly text: string) {}

  selector(): LabelSelector {
    const requirements: LabelRequirement[] = [];
    do {
      if (requirements.length === MAX_REQUIREMENTS) this.fail(`must have at most ${MAX_REQUIREMENTS} requirements`);
      requirements.push(this.requirement());
    } while (this.take(','));
    if (this.at < this.text.length) this.fail('must have a comma or its end here');
    return requirements;
  }

  private requirement(): LabelRequirement {
    if (this.take('!')) return { key: this.key(), operator: 'absent', values: [] };
    const key = this.key();
    if (this.take('!=')) return { key, operator: 'not-in', values: [this.value()] };
    if (this.take('==') || this.take('=')) return { key, operator: 'in', values: [this.value()] };
    const begin = this.at;
    const word = this.word();
    if (word === 'in') return { key, operator: 'in', values: this.values() };
    if (word === 'notin') return { key, operator: 'not-in', values: this.values() };
    if (word !== '') throw new Fault(begin, 'must have one of =, ==, !=, in, notin after a key, or a comma');
    return { key, operator: 'exists', values: [] };
  }

  private values(): string[] {
    if (!this.take('(')) this.fail('must have ( after in and notin');
    const values: string[] = [];
    do {
      if (values.length === MAX_VALUES) this.fail(`must have at most ${MAX_VALUES} values in one list`);
      values.push(this.value());
    } while (this.take(','));
    if (!this.take(')')) this.fail('must have a comma or ) after a value');
    return values;
  }

  private key(): string {
    this.skipSpace();
    const begin = this.at;
    const key = this.word();
    if (!isLabelKey(key)) throw new Fault(begin, 'must have a label key here, such as team or example.com/team');
    return key;
  }

  private value(): string {
    this.skipSpace();
    const begin = this.at;
    const value = this.word();
    if (!isLabelValue(value)) throw new Fault(begin, 'must have a label value here: letters, digits, -, _ and .');
    return value;
  }

  /** The text up to the next character of the grammar. */
  private word(): string {
    this.skipSpace();
    const begin = this.at;
    while (this.at < this.text.length && !' \t,()=!'.includes(this.text.charAt(this.at))) this.at++;
    return this.text.slice(begin, this.at);
  }

  private take(token: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  private skipSpace(): void {
    while (this.text[this.at] === ' ' || this.text[this.at] === '\t') this.at++;
  }

  private fail(message: string): never {
    throw new Fault(this.at, message);
  }
}

/**
 * Reads a label selector by the grammar of Kubernetes: requirements separated by commas, each `key=value` (or `==`), `key!=value`,
 * `key in (a, b)`, `key notin (a, b)`, `key` or `!key`. Linear in the length of the text.
 */
export function parseLabelSelector(text: string): LabelSelector | SelectorFault {
  if (text.length > MAX_SELECTOR_LENGTH) {
    return { at: MAX_SELECTOR_LENGTH + 1, message: `must have at most ${MAX_SELECTOR_LENGTH} characters` };
  }
  try {
    return new SelectorReader(text).selector();
  } catch (error) {
    if (error instanceof Fault) return { at: error.at + 1, message: error.message };
    throw error;
  }
}

/** Whether the result is a fault. */
export function isFault(read: LabelSelector | SelectorFault): read is SelectorFault {
  return 'at' in read && 'message' in read;
}

/** The selector of a text that a field's rule has accepted. @throws TypeError for any other */
export function labelSelectorOf(text: string): LabelSelector {
  const read = parseLabelSelector(text);
  if (isFault(read)) throw new TypeError(`not a label selector: ${read.message}`);
  return read;
}

/** Whether labels meet every requirement: the condition that `selectorCondition` writes in SQL, for tests. */
export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return selector.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case 'in':
        return value !== undefined && values.includes(value);
      case 'not-in':
        return value === undefined || !values.includes(value);
      case 'exists':
        return value !== undefined;
      case 'absent':
        return value === undefined;
    }
  });
}

/** Whether a text can be the key of a label. */
export function isLabelKey(text: string): boolean {
  return text.length <= MAX_LABEL_KEY_LENGTH && LABEL_KEY.test(text);
}

/** Whether a text can be the value of a label. */
export function isLabelValue(text: string): boolean {
  return text.length <= MAX_LABEL_VALUE_LENGTH && LABEL_VALUE.test(text);
}
