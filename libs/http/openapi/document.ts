import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

import { findError } from '../problems/error-catalogue.js';
import { RequestErrors, TransportErrors, UNEXPECTED } from '../problems/request.errors.js';
import { ROUTE_EXTENSION, type RouteExtension } from './api-route.js';
import { OPEN_EXTENSION, ProblemDto } from './problem.dto.js';

type Json = Record<string, unknown>;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Whether a route takes an `Idempotency-Key`. */
function hasKey(operation: Json): boolean {
  const parameters = Array.isArray(operation['parameters']) ? operation['parameters'].filter(isJson) : [];
  return parameters.some((parameter) => parameter['name'] === 'Idempotency-Key');
}

/** Errors that a route can answer by its form alone. */
function commonCodes(operation: Json, isPublic: boolean): string[] {
  const hasBody = operation['requestBody'] !== undefined;
  const parameters = Array.isArray(operation['parameters']) ? operation['parameters'].filter(isJson) : [];
  const hasPathParameters = parameters.some((parameter) => parameter['in'] === 'path');
  const entries = [
    RequestErrors.INVALID,
    TransportErrors.BAD_REQUEST,
    ...(hasBody ? [RequestErrors.MALFORMED_JSON, TransportErrors.BAD_ENCODING] : []),
    ...(parameters.some((parameter) => parameter['name'] === 'cursor') ? [RequestErrors.INVALID_CURSOR] : []),
    ...(isPublic ? [] : [RequestErrors.UNAUTHENTICATED, RequestErrors.FORBIDDEN]),
    ...(hasPathParameters ? [RequestErrors.NO_SUCH_RESOURCE] : []),
    ...(parameters.some((parameter) => parameter['name'] === 'If-Match') ? [RequestErrors.PRECONDITION_FAILED] : []),
    ...(hasKey(operation)
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

/** One response per status, each listing the codes that it can carry. */
function problemResponses(codes: readonly string[], operationId: string): Json {
  const byStatus = new Map<number, string[]>();
  for (const code of new Set(codes)) {
    const entry = findError(code);
    if (entry === undefined) {
      throw new TypeError(`${operationId} declares the error ${code}, which nobody defines`);
    }
    byStatus.set(entry.status, [...(byStatus.get(entry.status) ?? []), `- \`${code}\`: ${entry.title}`]);
  }
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, lines]) => [status, { description: lines.join('\n'), content }]),
  );
}

/** Lists in a query are separated by commas, which OpenAPI does not assume. */
function describeLists(operation: Json): void {
  const parameters = Array.isArray(operation['parameters']) ? operation['parameters'].filter(isJson) : [];
  for (const parameter of parameters) {
    if (parameter['in'] === 'query' && isJson(parameter['schema']) && parameter['schema']['type'] === 'array') {
      Object.assign(parameter, { style: 'form', explode: false });
    }
  }
}

function completeOperation(operation: Json): void {
  const operationId = String(operation['operationId']);
  const extension = operation[ROUTE_EXTENSION] as RouteExtension | undefined;
  if (extension === undefined) {
    throw new TypeError(`${operationId} has no @ApiRoute(): every route is described`);
  }
  Reflect.deleteProperty(operation, ROUTE_EXTENSION);
  const isPublic = extension.isPublic === true || operation['x-required-role'] === 'public';
  if (isPublic) {
    operation['security'] = [];
  }
  if (typeof operation['x-access'] === 'string') {
    operation['description'] = `${String(operation['description'])}\n\n${operation['x-access']}`;
    Reflect.deleteProperty(operation, 'x-access');
  }
  describeLists(operation);
  const codes = [...extension.codes, ...commonCodes(operation, isPublic)];
  const own = isJson(operation['responses']) ? operation['responses'] : {};
  for (const response of Object.values(own).filter(isJson)) {
    response['headers'] = {
      'X-Request-Id': { $ref: '#/components/headers/RequestId' },
      ...(hasKey(operation) ? { 'Idempotency-Replayed': { $ref: '#/components/headers/Replayed' } } : {}),
      ...(extension.hasEntityTag === true ? { ETag: { $ref: '#/components/headers/EntityTag' } } : {}),
    };
  }
  operation['responses'] = { ...own, ...problemResponses(codes, operationId) };
}

/** A body whose every field may be left out may be left out itself. */
function relaxBody(operation: Json, schemas: Json): void {
  const body = operation['requestBody'];
  if (!isJson(body)) return;
  const [, name = ''] = /"#\/components\/schemas\/(\w+)"/.exec(JSON.stringify(body)) ?? [];
  const schema = schemas[name];
  body['required'] = !isJson(schema) || Array.isArray(schema['required']);
}

/** `{allOf: [{$ref}], description}` says no more than `{$ref, description}`, which version 3.1 allows. */
function simplifyReferences(node: unknown): void {
  if (Array.isArray(node)) {
    node.forEach(simplifyReferences);
  } else if (isJson(node)) {
    Object.values(node).forEach(simplifyReferences);
    const only: unknown = Array.isArray(node['allOf']) && node['allOf'].length === 1 ? node['allOf'][0] : undefined;
    if (isJson(only) && typeof only['$ref'] === 'string') {
      node['$ref'] = only['$ref'];
      Reflect.deleteProperty(node, 'allOf');
    }
  }
}

/** Schemas take what they declare and nothing else, unless they say so. */
function closeSchemas(node: unknown): void {
  if (Array.isArray(node)) {
    node.forEach(closeSchemas);
  } else if (isJson(node)) {
    if (node['type'] === 'object' && isJson(node['properties'])) {
      node['additionalProperties'] ??= node[OPEN_EXTENSION] === true;
      Reflect.deleteProperty(node, OPEN_EXTENSION);
    }
    Object.entries(node).forEach(([key, value]) => {
      if (!['example', 'examples', 'default', 'enum'].includes(key)) {
        closeSchemas(value);
      }
    });
  }
}

/** Schema names without the suffix that only the code needs. */
function renameSchemas(document: OpenAPIObject): OpenAPIObject {
  const text = JSON.stringify(document).replace(/(#\/components\/schemas\/[A-Za-z0-9]+?)Dto"/g, '$1"');
  const renamed = JSON.parse(text) as OpenAPIObject;
  const schemas = renamed.components?.schemas ?? {};
  const entries = Object.entries(schemas).map(([name, schema]) => [name.replace(/Dto$/, ''), schema] as const);
  renamed.components = {
    ...renamed.components,
    schemas: Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  return renamed;
}

/** A tag with the text that Swagger UI shows for it, in the order of display. */
export interface TagDescription {
  readonly name: string;
  readonly description: string;
}

/**
 * The OpenAPI 3.1 document of an application: closed schemas, every route described, every error with its codes.
 *
 * @throws TypeError when a route is not described by `@ApiRoute`, or declares an unknown error
 */
export function createOpenApiDocument(app: INestApplication, tags: readonly TagDescription[] = []): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Stowage')
    .setDescription(
      'Decides which deployments get which resources, when, and why. Errors are RFC 9457 problems with a stable `code`, explained at `/problems/{code}`.',
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'This installation')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'An access token of `/v1/auth/login`, or an API token.' },
      'bearer',
    );
  for (const tag of tags) {
    builder.addTag(tag.name, tag.description);
  }
  const raw = SwaggerModule.createDocument(app, builder.build(), {
    extraModels: [ProblemDto],
    autoTagControllers: false,
  });
  const document = renameSchemas(raw);
  document.components = {
    ...document.components,
    headers: {
      EntityTag: {
        description:
          'The version of what can be edited here, for `If-Match`. Figures that are only shown do not change it, so that `If-None-Match` is not honoured.',
        required: true,
        schema: { type: 'string', pattern: '^"[0-9]+"$', example: '"7"' },
      },
      Replayed: {
        description: 'There when the answer was given before, under the same `Idempotency-Key`.',
        schema: { type: 'string', enum: ['true'] },
      },
      RequestId: {
        description: 'The id of the request: yours if it matched `^[A-Za-z0-9._-]{8,64}$`, else one of ours.',
        schema: { type: 'string', minLength: 8, maxLength: 64 },
      },
    },
  };
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation: unknown = path[method];
      if (isJson(operation)) {
        completeOperation(operation);
        relaxBody(operation, document.components.schemas as Json);
      }
    }
  }
  simplifyReferences(document.components.schemas);
  closeSchemas(document.components.schemas);
  return document;
}
