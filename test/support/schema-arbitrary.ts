import fc from 'fast-check';

/** A JSON object of which nothing is known. */
export type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lists and maps in requests stay short: their limits have tests of their own. */
const FEW = 3;

/** Values that a JSON Schema accepts, or nearly: what it cannot say (rules across fields) is left to the API to refuse. */
export class SchemaArbitrary {
  constructor(
    private readonly schemas: Readonly<Record<string, Json>>,
    /** Ids that exist: a made-up one is rarely interesting. */
    private readonly ids: readonly string[],
  ) {}

  of(schema: Json): fc.Arbitrary<unknown> {
    const reference = schema['$ref'];
    if (typeof reference === 'string') return this.of(this.schemas[reference.split('/').at(-1) ?? ''] ?? {});
    if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
    const options = schema['anyOf'] ?? schema['oneOf'];
    if (Array.isArray(options)) return fc.oneof(...options.filter(isJson).map((option) => this.of(option)));
    const types = [schema['type']].flat().map((type) => this.ofType(String(type), schema));
    return types.length === 1 && types[0] !== undefined ? types[0] : fc.oneof(...types);
  }

  private ofType(type: string, schema: Json): fc.Arbitrary<unknown> {
    switch (type) {
      case 'object':
        return this.object(schema);
      case 'array':
        return fc.array(this.of(isJson(schema['items']) ? schema['items'] : {}), {
          minLength: Number(schema['minItems'] ?? 0),
          maxLength: Math.max(FEW, Number(schema['minItems'] ?? 0)),
        });
      case 'string':
        return this.text(schema);
      case 'integer':
        return fc.integer({
          min: Number(schema['minimum'] ?? 0),
          max: Math.min(Number(schema['maximum'] ?? 100), 2 ** 31),
        });
      case 'number':
        return fc
          .integer({ min: Number(schema['minimum'] ?? 0), max: Math.min(Number(schema['maximum'] ?? 100), 100) })
          .map((whole) => whole + 0.5);
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      default:
        return fc.jsonValue();
    }
  }

  private object(schema: Json): fc.Arbitrary<unknown> {
    const properties = isJson(schema['properties']) ? schema['properties'] : undefined;
    if (properties === undefined) return fc.constantFrom(schema['example'] ?? {}, {});
    const required = Array.isArray(schema['required']) ? (schema['required'] as string[]) : [];
    const model = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, this.of(isJson(property) ? property : {})]),
    );
    return fc.record(model, { requiredKeys: required, noNullPrototype: true });
  }

  private text(schema: Json): fc.Arbitrary<unknown> {
    const [shown] = Array.isArray(schema['examples']) ? (schema['examples'] as unknown[]) : [];
    const example = fc.constant(schema['example'] ?? shown ?? 'text');
    if (schema['format'] === 'uuid') return fc.oneof(fc.constantFrom(...this.ids), fc.uuid());
    if (schema['format'] !== undefined || schema['pattern'] !== undefined) return example;
    const maxLength = Math.min(Number(schema['maxLength'] ?? 100), 100);
    return fc.oneof(example, fc.string({ minLength: Number(schema['minLength'] ?? 0), maxLength, unit: 'grapheme' }));
  }
}

/** Values that no field accepts. */
const JUNK: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, '', ' ', -1, 0.0001, 1e308, 2 ** 53, true, [], {}, [[]], { $ne: null }, [{}]),
  fc.constantFrom<unknown>('\u0000', '\ud800', 'a\nb', '\u202e', "' or 1=1 --", '${jndi:ldap://x}', '../../etc/passwd'),
  fc.constantFrom<unknown>(
    'x'.repeat(5000),
    Array.from({ length: 50 }, () => 0),
    '2026-02-31T00:00:00Z',
    '0x10',
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** The value with one member changed: replaced by junk, left out, or joined by an undeclared one. */
export function mutated(value: unknown): fc.Arbitrary<unknown> {
  if (Array.isArray(value) && value.length > 0) {
    const [first, ...rest] = value as [unknown, ...unknown[]];
    return fc.oneof(
      JUNK,
      mutated(first).map((changed) => [changed, ...rest]),
    );
  }
  if (!isJson(value) || Object.keys(value).length === 0) return JUNK;
  const inside = fc.constantFrom(...Object.keys(value)).chain((name) =>
    fc.oneof(
      mutated(value[name]).map((changed) => ({ ...value, [name]: changed })),
      fc.constant(Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))),
    ),
  );
  const beside = fc
    .tuple(fc.constantFrom('__proto__', 'constructor', 'id', 'organizationId', 'isOperator', 'role', 'x'), JUNK)
    .map(([name, junk]) => Object.fromEntries([...Object.entries(value), [name, junk]]));
  return fc.oneof({ weight: 6, arbitrary: inside }, { weight: 2, arbitrary: beside }, { weight: 1, arbitrary: JUNK });
}

/** A text for a path or a query that is none. */
export const JUNK_TEXT = fc.constantFrom(
  'abc',
  '%00',
  '..%2f..%2fetc',
  '%zz',
  '%c0%af',
  '-1',
  '0',
  '1e2',
  '%F0%9F%98%80',
  "'--",
  'null',
  'a'.repeat(300),
  '%20',
);
