/** Why a value was refused, in words that follow the variable's name. Never contains the value itself. */
export class RefusedValue extends Error {}

/** How a variable is read, and how it is documented. */
interface Definition<T> {
  readonly name: string;
  /** One or two sentences for the person who sets it. */
  readonly about: string;
  /** What a number counts, or the form of a text; shown in `.env.example`. */
  readonly unit: string;
  /** Which values are taken, in words; shown in `.env.example`. */
  readonly range: string;
  /** Secrets are never printed, and may be given in a file. */
  readonly secret: boolean;
  /** @throws RefusedValue with the rule that the text breaks */
  readonly parse: (text: string) => T;
  /** How a value is printed at start; for secrets the answer must not help anybody. */
  show(value: T): string;
}

/** What stands for a variable that is not set: a value, an error, or nothing. */
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

/** What the type of a variable says that has a value also when it is not set. */
export interface Defaulted {
  readonly absence: { readonly kind: 'default' };
}

/**
 * One variable of the environment: its name, type, unit, range and documentation, from which parsing, masking and
 * `.env.example` follow. Immutable; required unless it says otherwise.
 */
export class Variable<T> {
  private constructor(
    private readonly definition: Definition<T>,
    readonly absence: Absence<T>,
    /** A value that `.env.example` recommends over the default. */
    readonly recommended: string | undefined,
  ) {}

  static of<T>(definition: Definition<T>): Variable<T> {
    return new Variable(definition, { kind: 'required' }, undefined);
  }

  /** @param text how the documentation shows the default, when the value itself depends on the machine */
  or(value: T, text?: string): Variable<T> & Defaulted {
    const absence = {
      kind: 'default' as const,
      value,
      text: text ?? this.definition.show(value),
      isComputed: text !== undefined,
    };
    return new Variable<T>(this.definition, absence, this.recommended) as Variable<T> & Defaulted;
  }

  optional(): Variable<T | undefined> {
    return new Variable<T | undefined>(this.definition, { kind: 'optional' }, this.recommended);
  }

  recommending(text: string): this {
    return new Variable<T>(this.definition, this.absence, text) as this;
  }

  get name(): string {
    return this.definition.name;
  }

  get about(): string {
    return this.definition.about;
  }

  get unit(): string {
    return this.definition.unit;
  }

  get range(): string {
    return this.definition.range;
  }

  get isSecret(): boolean {
    return this.definition.secret;
  }

  /** @throws RefusedValue with the rule that the text breaks */
  parse(text: string): T {
    return this.definition.parse(text);
  }

  show(value: T): string {
    return this.definition.show(value);
  }
}

/** The type of a variable's value. */
export type ValueOf<V> = V extends Variable<infer T> ? T : never;
