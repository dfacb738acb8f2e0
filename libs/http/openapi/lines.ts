import { JSON_LINES_TYPE } from '../lines/json-lines.js';
import { exampleOf } from './examples.js';
import { type Json } from './json.js';

/** JSON lines as a text, each line of a schema: generated clients send and return texts as they are. */
export function linesSchema(line: string): { readonly type: 'string' } {
  // Part of OpenAPI 3.1, but not of the decorators' types.
  const content: object = { contentMediaType: JSON_LINES_TYPE, contentSchema: { $ref: line } };
  return { type: 'string', ...content };
}

/** Describes a body of JSON lines, with an example of two, and removes the schema that Nest has made of the parameter's class. */
export function describeLines(operation: Json, line: string | undefined, schemas: Json): void {
  if (line === undefined) return;
  const one = exampleOf({ $ref: line }, schemas) as object;
  const another = { ...one, name: undefined };
  const example = [one, another].map((each) => `${JSON.stringify(each)}\n`).join('');
  operation['requestBody'] = { required: true, content: { [JSON_LINES_TYPE]: { schema: linesSchema(line), example } } };
  Reflect.deleteProperty(schemas, 'JsonLines');
}
