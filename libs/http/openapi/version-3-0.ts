import { isJson, type Json } from './json.js';

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

/** Wraps a `$ref` with siblings in `allOf`: 3.0 ignores siblings. */
function turnReference(node: Json): void {
  if (typeof node['$ref'] !== 'string' || Object.keys(node).length === 1) return;
  node['allOf'] = [{ $ref: node['$ref'] }];
  Reflect.deleteProperty(node, '$ref');
}

/** Removes `propertyNames` and lists of examples, which 3.0 lacks. The description contains the examples as well. */
function dropUnknown(schema: Json): void {
  Reflect.deleteProperty(schema, 'propertyNames');
  if (Array.isArray(schema['examples'])) Reflect.deleteProperty(schema, 'examples');
}

function turn(node: unknown): void {
  if (Array.isArray(node)) node.forEach(turn);
  if (!isJson(node)) return;
  turnTypes(node);
  turnReference(node);
  dropUnknown(node);
  for (const [key, value] of Object.entries(node)) {
    if (NAMES.has(key) && isJson(value)) Object.values(value).forEach(turn);
    else if (!DATA.has(key)) turn(value);
  }
}

/**
 * Converts the document to OpenAPI 3.0.3, as far as this project uses 3.1. `npm run openapi:lint` checks both documents.
 *
 * @throws TypeError for a value of several types, which 3.0 lacks
 */
export function asOpenApi30<T extends object>(document: T): T {
  const turned = structuredClone(document);
  turn(turned);
  return Object.assign(turned, { openapi: '3.0.3' });
}
