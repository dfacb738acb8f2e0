import { isJson, type Json, objectsIn } from './json.js';

const REFERENCE = '#/components/schemas/';

/** No example. `null` is a possible example. */
const NONE = Symbol('none');

/**
 * The example of a schema: its own, else one composed of its parts. Lists have one item; a part without an example is absent, null or
 * empty where the schema allows that.
 *
 * @returns undefined when a required part has none
 */
export function exampleOf(schema: unknown, schemas: Json): unknown {
  const example = build(schema, schemas);
  return example === NONE ? undefined : example;
}

function build(schema: unknown, schemas: Json): unknown {
  if (!isJson(schema)) return NONE;
  if (schema['example'] !== undefined) return schema['example'];
  if (schema['default'] !== undefined) return schema['default'];
  if (typeof schema['$ref'] === 'string') return build(schemas[schema['$ref'].slice(REFERENCE.length)], schemas);
  if (Array.isArray(schema['enum'])) return (schema['enum'] as unknown[])[0];
  const types = [schema['type']].flat();
  if (types.includes('object')) return objectOf(schema, schemas);
  if (types.includes('array')) return listOf(schema, schemas);
  if (types.includes('null')) return null;
  if (types.includes('boolean')) return false;
  return firstOf(objectsIn(schema['oneOf'] ?? schema['anyOf']), schemas);
}

/** The example of the first of several schemas that has one. */
function firstOf(options: readonly Json[], schemas: Json): unknown {
  for (const option of options) {
    const example = build(option, schemas);
    if (example !== NONE) return example;
  }
  return NONE;
}

function objectOf(schema: Json, schemas: Json): unknown {
  const required: readonly unknown[] = Array.isArray(schema['required']) ? schema['required'] : [];
  const properties = isJson(schema['properties']) ? schema['properties'] : {};
  const entries: [string, unknown][] = [];
  for (const [name, property] of Object.entries(properties)) {
    const isRequired = required.includes(name);
    const example = isRequired || isShown(property, schemas) ? build(property, schemas) : NONE;
    if (example !== NONE) entries.push([name, example]);
    else if (isRequired) return NONE;
  }
  return Object.fromEntries(entries);
}

/** Whether an optional field belongs in an example: a value that the field does not declare may contradict other fields. */
function isShown(property: unknown, schemas: Json): boolean {
  if (!isJson(property)) return false;
  if (property['example'] !== undefined || property['default'] !== undefined) return true;
  if (typeof property['$ref'] !== 'string') return property['type'] === 'object' || property['type'] === 'array';
  return isShown(schemas[property['$ref'].slice(REFERENCE.length)], schemas);
}

function listOf(schema: Json, schemas: Json): unknown {
  const item = build(schema['items'], schemas);
  if (item !== NONE) return [item];
  return Number(schema['minItems'] ?? 0) === 0 ? [] : NONE;
}

/** Shows this example of a body, and no other. */
export function showExample(body: unknown, example: unknown): void {
  const content = isJson(body) && isJson(body['content']) ? body['content'] : {};
  const media = content['application/json'];
  if (isJson(media)) media['example'] = example;
}

/** Adds an example of the whole to every JSON body. */
export function addExamples(bodies: readonly unknown[], schemas: Json): void {
  for (const body of bodies.filter(isJson)) {
    const content = isJson(body['content']) ? body['content'] : {};
    const media = content['application/json'];
    if (!isJson(media) || media['example'] !== undefined || media['examples'] !== undefined) continue;
    const example = exampleOf(media['schema'], schemas);
    if (example !== undefined) media['example'] = example;
  }
}
