import { isJson, type Json } from './json.js';

/** What holds data: nothing in it is a schema, whatever it looks like. */
const DATA = new Set(['example', 'examples', 'default', 'enum']);

/** What holds names that anybody may choose: `example` among them is one more name. */
const NAMES = new Set(['properties', 'schemas', 'responses', 'headers', 'paths', 'content']);

/** `null` was no type of its own: `[string, 'null']` was a type that is `nullable`, and null alone the only value of one. */
function turnTypes(schema: Json): void {
  if (schema['type'] === 'null') Object.assign(schema, { type: 'string', nullable: true, enum: [null] });
  if (!Array.isArray(schema['type'])) return;
  const types = (schema['type'] as unknown[]).filter((type) => type !== 'null');
  if (types.length !== 1) throw new TypeError(`OpenAPI 3.0 has no type for ${JSON.stringify(schema['type'])}`);
  if (types.length < schema['type'].length) schema['nullable'] = true;
  schema['type'] = types[0];
}

/** Whatever stood beside a `$ref` was not read. */
function turnReference(node: Json): void {
  if (typeof node['$ref'] !== 'string' || Object.keys(node).length === 1) return;
  node['allOf'] = [{ $ref: node['$ref'] }];
  Reflect.deleteProperty(node, '$ref');
}

/** `propertyNames` and lists of examples were not known. Those are of what may be left out, and told in its description. */
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
 * The same API in the words of OpenAPI 3.0.3, for what reads these better: of 3.1, no more than this project uses is known, and the gate that holds
 * both documents against the rules fails where that does not do.
 *
 * @throws TypeError for a value of several types, which 3.0 cannot say
 */
export function asOpenApi30<T extends object>(document: T): T {
  const turned = structuredClone(document);
  turn(turned);
  return Object.assign(turned, { openapi: '3.0.3' });
}
