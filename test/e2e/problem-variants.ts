import { MISSING, withField } from './bad-values.js';

/** As much of a JSON schema as requests are described by. */
export interface Schema {
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

/** A body that differs from another in one place: where and how, and the body. */
export type Variant = readonly [what: string, body: unknown];

const ANYTHING = [MISSING, null, true, false, 0, -1, 1.5, 1.0005, 0.0001, 1e300, '', '1', 'x', [], [null], {}];

const TEXTS = ['a\u0000b', 'Łódź', ' ', '__proto__'];

const TIMES = [
  '1970-01-01T00:00:00Z',
  '1969-12-31T23:59:59.999Z',
  '9900-01-01T00:00:00Z',
  '9900-01-01T00:00:00.001Z',
  '9999-12-31T23:59:59-23:59',
  '2026-01-01T00:00:00+05:45',
  '2026-01-01T00:00:00.123456789Z',
  '2026-01-01T00:00:00.1234567890Z',
  '2026-01-01t00:00:00z',
  '2026-01-01 00:00:00Z',
  '2026-01-01T00:00:00',
  '2026-02-30T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-12-31T23:59:60Z',
  '2026-01-01',
];

/** What is said of a field: what a schema allows at its edges, what it does not, and what has nothing to do with it. */
function valuesFor({ type, format, enum: words = [], minimum, maximum, maxLength }: Schema): readonly unknown[] {
  const edges = [minimum, maximum].flatMap((edge) =>
    edge === undefined ? [] : [edge, edge - 1, edge + 1, edge + 0.5, edge + 0.001, String(edge)],
  );
  const lengths =
    maxLength === undefined ? [] : ['😀'.repeat(maxLength), '😀'.repeat(maxLength + 1), 'x'.repeat(5_000)];
  const texts = type === 'string' ? TEXTS : [];
  const cases = words.flatMap((word) => [word, word.toUpperCase(), `${word} `]);
  const times = format === 'date-time' ? TIMES : [];
  return [...new Set([...ANYTHING, ...edges, ...lengths, ...texts, ...cases, ...times])];
}

/** All bodies that differ in one place from one that says something in every place that its schema knows. */
export class Variants {
  /** @param lookUp finds a schema by its reference */
  constructor(
    private readonly body: unknown,
    private readonly lookUp: (reference: string) => Schema,
  ) {}

  /** @throws where the body says nothing in a place: what is there would not be tried */
  *of(schema: Schema, at: unknown = this.body, path: readonly string[] = []): Generator<Variant> {
    const { properties, items, ...rest } = this.resolved(schema);
    if (at === undefined) throw new Error(`the body has nothing at ${path.join('.')}`);
    if (path.length > 0) yield* valuesFor(rest).map((value) => this.with(path, value));
    if (items !== undefined) yield* this.of(items, (at as readonly unknown[])[0], [...path, '0']);
    if (properties === undefined) return;
    yield* ['unknown', 'toString', ...Object.keys(properties).map((name) => `${name}s`)]
      .filter((name) => !Object.hasOwn(properties, name))
      .map((name) => this.with([...path, name], 1));
    for (const [name, property] of Object.entries(properties)) {
      yield* this.of(property, (at as Readonly<Record<string, unknown>>)[name], [...path, name]);
    }
  }

  private with(path: readonly string[], value: unknown): Variant {
    const told = value === MISSING ? 'nothing' : JSON.stringify(value).slice(0, 60);
    return [`${path.join('.')} = ${told}`, withField(this.body, path, value)];
  }

  /** What may be null is described beside null. */
  private resolved(schema: Schema): Schema {
    const described = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
    return described.$ref === undefined ? described : this.resolved(this.lookUp(described.$ref));
  }
}
