import { isJson, type Json, objectsIn } from './json.js';

/** A value as the text of a query or header. */
const asText = (value: unknown): string =>
  Array.isArray(value) ? value.map(asText).join() : typeof value === 'string' ? value : JSON.stringify(value);

/**
 * Moves the `example` of an optional parameter into its description and the schema's `examples`. Swagger UI fills its form with `example`,
 * and would send the version `"7"` or a deployment that does not exist; `examples` fill no form.
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

/**
 * Declares that lists in a query are separated by commas, where OpenAPI assumes repeated parameters. It can declare one form only: the
 * description names the other one.
 */
function describeList(parameter: Json): void {
  if (parameter['in'] === 'query' && isJson(parameter['schema']) && parameter['schema']['type'] === 'array') {
    const { description } = parameter;
    const forms = 'Several values are separated by commas, or the parameter is repeated.';
    Object.assign(parameter, {
      description: typeof description === 'string' ? `${description} ${forms}` : forms,
      style: 'form',
      explode: false,
    });
  }
}

/** Completes the parameters that decorators have described; those of the path come first, in its order. */
export function completeParameters(path: string, operation: Json): void {
  const place = (parameter: Json): number =>
    parameter['in'] === 'path' ? path.indexOf(`{${String(parameter['name'])}}`) : path.length;
  const parameters = objectsIn(operation['parameters']).toSorted((one, other) => place(one) - place(other));
  operation['parameters'] = parameters;
  for (const parameter of parameters) {
    describeList(parameter);
    offerExample(parameter);
  }
}
