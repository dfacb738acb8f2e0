import { findError } from '../problems/error-catalogue.js';
import { RequestErrors } from '../problems/request.errors.js';
import { exampleOf } from './examples.js';
import { isJson, type Json, objectsIn } from './json.js';

const COMPONENTS = '#/components/examples/';

/** One example per code, by reference: several operations show the same ones. */
export function examplesFor(codes: readonly string[]): Json {
  return Object.fromEntries(codes.map((code) => [code, { $ref: `${COMPONENTS}${code}` }]));
}

/** The codes of all responses, each once. */
function codesIn(responses: readonly Json[]): readonly string[] {
  const codes = responses.flatMap((ofOne) => objectsIn(Object.values(ofOne)).map((response) => response['x-codes']));
  return [...new Set(codes.flat())].filter((code) => typeof code === 'string').sort();
}

/**
 * An example of every problem of the document, for `components.examples`. Invalid input is shown with the fields of the schema's example;
 * other problems with the texts of their code.
 *
 * @param responses of all operations, by status
 */
export function problemExamples(responses: readonly Json[], schemas: Json): Json {
  const whole = exampleOf(schemas['Problem'], schemas);
  const { errors, ...members } = isJson(whole) ? whole : {};
  const exampleFor = (code: string): Json => {
    if (code === RequestErrors.INVALID.code) return { ...members, errors };
    const { status, title = code, detail = `${title}.` } = findError(code) ?? {};
    return { ...members, type: `/problems/${code}`, title, status, detail, code };
  };
  return Object.fromEntries(codesIn(responses).map((code) => [code, { value: exampleFor(code) }]));
}
