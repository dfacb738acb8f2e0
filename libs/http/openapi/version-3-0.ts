import { isJson, type Json, objectsIn } from './json.js';

const REFERENCE = '#/components/schemas/';

/** Keys of data: their values are not schemas. */
const DATA = new Set(['example', 'examples', 'default', 'enum']);

/** Keys of maps with free names, in which `example` is a name. */
const NAMES = new Set(['properties', 'schemas', 'responses', 'headers', 'paths', 'content']);

/** Replaces the type `null`: `[string, 'null']` by a `nullable` type, null alone by a nullable enumeration. */
function turnTypes(schema: Json): void {
  if (schema['type'] === 'null') Object.assign(schema, { type: 'string', nullable: true, enum: [null] });
  if (!Array.isArray(schema['type'])) return;
  const types = (schema['type'] as unknown[]).filter((type) => type !== 'null');
  if (types.length !== 1) throw new TypeError(`OpenAPI 3.0 has no type for ${JSON.stringify(schema['type'])}`);
  if (types.length < schema['type'].length) schema['nullable'] = true;
  schema['type'] = types[0];
}

/** Replaces "this schema or null" by the forms that tools for 3.0 know: an enumeration with null, and a nullable `allOf` of an object. */
function turnNullableReference(schema: Json, schemas: Json): void {
  const [reference, none, ...others] = objectsIn(schema['anyOf']);
  const named = schemas[String(reference?.['$ref']).slice(REFERENCE.length)];
  if (!isJson(named) || none?.['type'] !== 'null' || others.length > 0) return;
  const values: unknown = named['enum'];
  const form = Array.isArray(values) ? { enum: [...(values as unknown[]), null] } : { allOf: [reference] };
  Object.assign(schema, { type: named['type'], nullable: true, ...form });
  Reflect.deleteProperty(schema, 'anyOf');
}

/** Wraps a `$ref` with siblings in `allOf`: 3.0 ignores siblings. */
function turnReference(node: Json): void {
  if (typeof node['$ref'] !== 'string' || Object.keys(node).length === 1) return;
  node['allOf'] = [{ $ref: node['$ref'] }];
  Reflect.deleteProperty(node, '$ref');
}

/** Removes what 3.0 lacks: names in maps, the content of texts, lists of examples. The description contains the examples as well. */
function dropUnknown(schema: Json): void {
  for (const keyword of ['propertyNames', 'contentMediaType', 'contentSchema']) Reflect.deleteProperty(schema, keyword);
  if (Array.isArray(schema['examples'])) Reflect.deleteProperty(schema, 'examples');
}

function turn(node: unknown, schemas: Json): void {
  const turnAll = (nodes: readonly unknown[]): void => nodes.forEach((each) => turn(each, schemas));
  if (Array.isArray(node)) turnAll(node);
  if (!isJson(node)) return;
  turnTypes(node);
  turnNullableReference(node, schemas);
  turnReference(node);
  dropUnknown(node);
  for (const [key, value] of Object.entries(node)) {
    if (NAMES.has(key) && isJson(value)) turnAll(Object.values(value));
    else if (!DATA.has(key)) turn(value, schemas);
  }
}

/** The schemas of a document, by name. */
function schemasOf(document: object): Json {
  const { components } = document as { readonly components?: { readonly schemas?: Json } };
  return components?.schemas ?? {};
}

/** Removes schemas to which something referred before, and nothing refers now. */
function dropUnused(before: string, document: object): void {
  const schemas = schemasOf(document);
  const after = JSON.stringify(document);
  const unused = Object.keys(schemas)
    .map((name) => ({ name, reference: `"${REFERENCE}${name}"` }))
    .filter(({ reference }) => before.includes(reference) && !after.includes(reference));
  for (const { name } of unused) Reflect.deleteProperty(schemas, name);
  if (unused.length > 0) dropUnused(before, document);
}

/**
 * Converts the document to OpenAPI 3.0.3, as far as this project uses 3.1. `npm run openapi:lint` checks both documents.
 *
 * @throws TypeError for a value of several types, which 3.0 lacks
 */
export function asOpenApi30<T extends object>(document: T): T {
  const turned = structuredClone(document);
  turn(turned, schemasOf(document));
  dropUnused(JSON.stringify(document), turned);
  return Object.assign(turned, { openapi: '3.0.3' });
}
