import { PATH_EXTENSION } from '../fields/id-param.js';
import { findError } from '../problems/error-catalogue.js';
import { RequestErrors, StorageErrors, TransportErrors, UNEXPECTED } from '../problems/request.errors.js';
import { GUARD_EXTENSION, LIMIT_EXTENSION, ROUTE_EXTENSION, type RouteExtension } from './api-route.js';
import { addExamples, showExample } from './examples.js';
import { headersOfProblem, headersOfSuccess } from './headers.js';
import { isJson, type Json, objectsIn } from './json.js';
import { describeLines } from './lines.js';
import { completeParameters } from './parameters.js';
import { examplesFor } from './problem-examples.js';

/** Errors that every operation of this form can answer. */
function commonCodes(method: string, operation: Json): string[] {
  const parameters = objectsIn(operation['parameters']);
  const has = (name: string): boolean => parameters.some((parameter) => parameter['name'] === name);
  const entries = [
    RequestErrors.INVALID,
    TransportErrors.BAD_REQUEST,
    // A body is also parsed where none is expected: `{}` is accepted there.
    ...(method !== 'get'
      ? [RequestErrors.MALFORMED_JSON, TransportErrors.BAD_ENCODING, RequestErrors.BUSY, StorageErrors.FULL]
      : []),
    ...(has('cursor') ? [RequestErrors.INVALID_CURSOR] : []),
    ...(parameters.some((parameter) => parameter['in'] === 'path')
      ? [RequestErrors.NO_SUCH_RESOURCE, TransportErrors.URL_TOO_LONG]
      : []),
    ...(has('If-Match') ? [RequestErrors.PRECONDITION_FAILED] : []),
    ...(has('Idempotency-Key')
      ? [RequestErrors.IDEMPOTENCY_KEY_REUSED, RequestErrors.IDEMPOTENCY_KEY_BUSY, RequestErrors.IDEMPOTENT_ANSWER_LOST]
      : []),
    TransportErrors.TIMEOUT,
    TransportErrors.TOO_LARGE,
    TransportErrors.UNSUPPORTED_MEDIA_TYPE,
    TransportErrors.HEADERS_TOO_LARGE,
    RequestErrors.TOO_MANY,
    UNEXPECTED,
    RequestErrors.UNAVAILABLE,
  ];
  return entries.map((entry) => entry.code);
}

function problemResponse(status: number, codes: readonly string[]): Json {
  return {
    description: codes.map((code) => `- \`${code}\`: ${findError(code)?.title ?? ''}`).join('\n'),
    headers: headersOfProblem(status),
    content: {
      'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples: examplesFor(codes) },
    },
    'x-codes': codes,
  };
}

/** One response per status, each listing the codes that it can carry. */
function problemResponses(codes: readonly string[], operationId: string): Json {
  const byStatus = new Map<number, string[]>();
  for (const code of new Set(codes)) {
    const entry = findError(code);
    if (entry === undefined) {
      throw new TypeError(`${operationId} declares the undefined error ${code}`);
    }
    byStatus.set(entry.status, [...(byStatus.get(entry.status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, listed]) => [String(status), problemResponse(status, listed)] as const),
  );
}

/** Makes a body optional when all its fields are. */
function relaxBody(operation: Json, schemas: Json): void {
  const body = operation['requestBody'];
  if (!isJson(body)) return;
  const [, name = ''] = /"#\/components\/schemas\/(\w+)"/.exec(JSON.stringify(body)) ?? [];
  const schema = schemas[name];
  body['required'] = !isJson(schema) || Array.isArray(schema['required']);
}

/** Removes and returns an internal extension of an operation. */
function taken(operation: Json, extension: string): unknown {
  const value = operation[extension];
  Reflect.deleteProperty(operation, extension);
  return value;
}

/**
 * Completes an operation that decorators have described: access, errors with their codes, headers, examples.
 *
 * @throws TypeError when it is not described by `@ApiRoute`, or declares an unknown error
 */
export function completeOperation(method: string, path: string, operation: Json, schemas: Json): void {
  const operationId = String(operation['operationId']);
  const route = taken(operation, ROUTE_EXTENSION) as RouteExtension | undefined;
  if (route === undefined) {
    throw new TypeError(`${operationId} has no @ApiRoute(): every route is described`);
  }
  const isPublic = route.isPublic === true || operation['x-required-role'] === 'public';
  if (isPublic) {
    operation['security'] = [];
  }
  const access = taken(operation, 'x-access');
  if (typeof access === 'string') {
    operation['description'] = `${String(operation['description'])}\n\n${access}`;
  }
  completeParameters(path, operation);
  describeLines(operation, route.line, schemas);
  const ofGuard = taken(operation, GUARD_EXTENSION) as readonly string[] | undefined;
  const isLimited = taken(operation, LIMIT_EXTENSION) === true || !isPublic;
  const guardCodes = ofGuard ?? (isPublic ? [] : [RequestErrors.UNAUTHENTICATED.code, RequestErrors.FORBIDDEN.code]);
  const pathCodes = (taken(operation, PATH_EXTENSION) ?? []) as readonly string[];
  const takes = (header: string): boolean => objectsIn(operation['parameters']).some(({ name }) => name === header);
  const traits = { isIdempotent: takes('Idempotency-Key'), supportsWait: takes('Prefer'), isLimited };
  const own = isJson(operation['responses']) ? operation['responses'] : {};
  for (const response of Object.values(own).filter(isJson)) {
    response['headers'] = headersOfSuccess({
      hasEntityTag: route.hasEntityTag === true,
      hasLocation: route.hasLocation === true,
      ...traits,
    });
  }
  if (route.example !== undefined) showExample(operation['requestBody'], route.example);
  addExamples([operation['requestBody'], ...Object.values(own)], schemas);
  operation['responses'] = {
    ...own,
    ...problemResponses([...guardCodes, ...pathCodes, ...route.codes, ...commonCodes(method, operation)], operationId),
  };
  relaxBody(operation, schemas);
}
