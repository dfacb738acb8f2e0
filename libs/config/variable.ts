/** A refused value, as a rule that follows the variable's name. Never contains the value itself. */
export class RefusedValue extends Error {}

/** How a variable is read and shown. */
interface Definition<T> {
  readonly name: string;
  /** What a number counts, or the form of a text; shown in `.env.example`. */
  readonly unit: string;
  /** The accepted values, in words; shown in `.env.example`. */
  readonly range: string;
  /** Secrets are never printed, and may be read from a file. */
  readonly isSecret?: boolean;
  /** @throws RefusedValue with the rule that the text breaks */
  readonly parse: (text: string) => T;
  /** Prints a value at start; that of a secret reveals nothing useful. Left out, the value is printed as it is. */
  show?(value: T): string;
}

/** What replaces a variable that is not set: a value, an error, or nothing. */
type Absence<T> =
  | {
      readonly kind: 'default';
      readonly value: T;
      /** The value as it is documented. */
      readonly text: string;
      /** Whether the value depends on the machine, so that the text is a description and not a value. */
      readonly isComputed: boolean;
    }
  | { readonly kind: 'required' }
  | { readonly kind: 'optional' };

/** Marks the type of a variable that has a value also when it is not set. */
export interface Defaulted {
  readonly absence: { readonly kind: 'default' };
}

interface Parts<T> extends Definition<T> {
  /** One or two sentences for the person who sets it. */
  readonly about: string;
  readonly absence: Absence<T>;
  /** A value that `.env.example` recommends over the default. */
  readonly recommended?: string;
}

/**
 * One variable of the environment: its name, type, unit, range and description, from which parsing, masking and
 * `.env.example` follow. Immutable; required unless `or` or `optional` is called.
 */
export interface Variable<T> extends Parts<T> {
  show(value: T): string;
  /** @param text how the documentation shows the default, when the value itself depends on the machine */
  or(value: T, text?: string): Variable<T> & Defaulted;
  optional(): Variable<T | undefined>;
  recommending(text: string): Variable<T>;
}

function variable<T>(parts: Parts<T>): Variable<T> {
  const show = (value: T): string => parts.show?.(value) ?? String(value);
  return {
    ...parts,
    show,
    or: (value, text) => {
      const absence = { kind: 'default', value, text: text ?? show(value), isComputed: text !== undefined } as const;
      return variable<T>({ ...parts, absence }) as Variable<T> & Defaulted;
    },
    optional: () => variable<T | undefined>({ ...parts, absence: { kind: 'optional' } }),
    recommending: (recommended) => variable({ ...parts, recommended }),
  };
}

/** A variable without its description. */
export interface Undescribed<T> {
  about(text: string): Variable<T>;
}

/** Defines a variable. */
export function define<T>(definition: Definition<T>): Undescribed<T> {
  return { about: (about) => variable({ ...definition, about, absence: { kind: 'required' } }) };
}

/** The type of a variable's value. */
export type ValueOf<V> = V extends Variable<infer T> ? T : never;
