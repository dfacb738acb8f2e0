/** A bad body: its description, the body (a text is sent verbatim), and the refusal as `status CODE pointer field-code`. */
export type BadBody = readonly [what: string, body: unknown, refusal: string];

/** A route that takes a body, with a valid body and the bad ones. */
export interface BodyRoute {
  /** The path, in which `~` is the organization and `*` the cluster. */
  readonly path: string;
  readonly valid: Readonly<Record<string, unknown>>;
  readonly bad: readonly BadBody[];
  readonly isBodyOptional?: boolean;
  /** POST when left out. */
  readonly method?: 'PATCH';
}

export const INVALID = '400 REQUEST.INVALID';

/** One field with all values that break its rule; `field` is a dotted path into the valid body. */
export type Breakage = readonly [value: unknown, code: string];

export const MISSING = Symbol('missing');

/** A copy of a body with another value at one path. */
export function withField(valid: unknown, [name = '', ...rest]: readonly string[], value: unknown): unknown {
  const copy = (Array.isArray(valid) ? [...(valid as unknown[])] : { ...(valid as object) }) as Record<string, unknown>;
  if (rest.length > 0) copy[name] = withField(copy[name], rest, value);
  else if (value === MISSING) Reflect.deleteProperty(copy, name);
  else copy[name] = value;
  return copy;
}

/** The bodies in which one field breaks its rule, each refused with a pointer to that field. */
export function broken(valid: unknown, field: string, breakages: readonly Breakage[]): BadBody[] {
  const steps = field.split('.');
  return breakages.map(([value, code]) => {
    const what = `${field} = ${value === MISSING ? 'nothing' : JSON.stringify(value).slice(0, 60)}`;
    return [what, withField(valid, steps, value), `${INVALID} #/${steps.join('/')} ${code}`];
  });
}

/** Values that are not names. */
export const notNames = (max: number): Breakage[] => [
  ['', 'too-short'],
  ['   ', 'too-short'],
  ['x'.repeat(max + 1), 'too-long'],
  ['😀'.repeat(max + 1), 'too-long'],
  ['a\u0000b', 'invalid-text'],
  ['a\nb', 'invalid-text'],
  ['a\u0085b', 'invalid-text'],
  ['a\u202eb', 'invalid-text'],
  ['a\u200bb', 'invalid-text'],
  ['\ud800', 'invalid-text'],
  [5, 'type'],
  [true, 'type'],
  [null, 'type'],
  [['a'], 'type'],
  [{ $ne: null }, 'type'],
];

/** Values that are not whole numbers from `min` to `max`. */
export const notIntegers = (min: number, max: number): Breakage[] => [
  [min - 1, 'too-small'],
  [-2_147_483_649, 'too-small'],
  [max + 1, 'too-large'],
  [9_007_199_254_740_991, 'too-large'],
  [min + 0.5, 'type'],
  [String(min), 'type'],
  [true, 'type'],
  [[min], 'type'],
  [{}, 'type'],
];

/** Values that are not amounts with three decimals. */
export const notAmounts = (max: number): Breakage[] => [
  [-1, 'too-small'],
  [-0.001, 'too-small'],
  [0.0001, 'too-many-decimals'],
  [1e-7, 'too-many-decimals'],
  [1.0005, 'too-many-decimals'],
  [max + 0.001, 'too-large'],
  [9_007_199_254_740_991, 'too-large'],
  ['1', 'type'],
  [true, 'type'],
  [null, 'type'],
  [[], 'type'],
];

/** Values that are not objects. */
export const NOT_OBJECTS: Breakage[] = [
  [MISSING, 'required'],
  [null, 'type'],
  [[], 'type'],
  [[{ cpu: 1, memoryMib: 1 }], 'type'],
  ['x', 'type'],
  [1, 'type'],
];

export const NOT_IDS: Breakage[] = [
  [MISSING, 'required'],
  ['abc', 'invalid-id'],
  ['', 'invalid-id'],
  ['{019a5f00-c0de-7000-8000-00000000abcd}', 'invalid-id'],
  ["' or 1=1 --", 'invalid-id'],
  [7, 'invalid-id'],
  [null, 'invalid-id'],
];

export const NOT_CHOICES: Breakage[] = [
  [MISSING, 'required'],
  ['', 'one-of'],
  ['Admin', 'one-of'],
  ['owner', 'one-of'],
  [0, 'one-of'],
  [null, 'one-of'],
  [['admin'], 'one-of'],
];
