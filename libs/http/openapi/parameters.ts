import { isJson, type Json, objectsIn } from './json.js';

/** A value as it is written into a query or a header. */
const asText = (value: unknown): string =>
  Array.isArray(value) ? value.map(asText).join() : typeof value === 'string' ? value : JSON.stringify(value);

/**
 * A form sends the `example` of a parameter with nothing touched, and would so ask for what nobody wished: the version `"7"`, a deployment that does
 * not exist. What may be left out is therefore told in words, and to programs in the schema's list `examples`, with which no form is filled; a
 * `default` is, and changes nothing.
 */
function offerExample(parameter: Json): void {
  const { schema } = parameter;
  if (parameter['required'] === true || !isJson(schema) || schema['example'] === undefined) return;
  const { example } = schema;
  Reflect.deleteProperty(schema, 'example');
  if (asText(schema['default'] ?? null) === asText(example)) return;
  schema['examples'] = [example];
  const { description } = parameter;
  const shown = `\`${asText(example)}\``;
  if (typeof description !== 'string') parameter['description'] = `For example ${shown}.`;
  else if (!description.includes(shown)) parameter['description'] = `${description} For example ${shown}.`;
}

/** Lists in a query are separated by commas, which OpenAPI does not assume. */
function describeList(parameter: Json): void {
  if (parameter['in'] === 'query' && isJson(parameter['schema']) && parameter['schema']['type'] === 'array') {
    Object.assign(parameter, { style: 'form', explode: false });
  }
}

/** Completes what decorators left of an operation's parameters. */
export function completeParameters(operation: Json): void {
  for (const parameter of objectsIn(operation['parameters'])) {
    describeList(parameter);
    offerExample(parameter);
  }
}
