import { applyDecorators, HttpCode, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import {
  ApiBearerAuth,
  ApiExtension,
  ApiExtraModels,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';

import type { DtoClass } from '../fields/rule.js';
import { isPage } from '../paging/page.js';
import { JSON_LINES_TYPE } from '../lines/json-lines.js';
import { linesSchema } from './lines.js';
import type { ErrorEntry } from '../problems/error-catalogue.js';
import { BoundedRead } from '../reads/bounded-read.js';
import type { LocationConfig } from './locations.js';
import { resultOf } from './result.js';

/** The description of a route in the document. */
export interface RouteDescription {
  /** Verb and noun in camelCase; the SDK's method has this name, so it never changes. */
  readonly id: string;
  /** The group under which Swagger UI shows it; left out where the controller declares one for all its routes by `@ApiTags`. */
  readonly tag?: string;
  readonly summary: string;
  /** What success means, as a sentence; left out where it follows from the id: for pages, and for what a route creates. */
  readonly result?: string;
  readonly description: string;
  /**
   * The access rule in words, where no guard declares one; `public` needs no token. Left out, the document uses the guard's own
   * declaration (the extensions `x-required-role` and `x-access`).
   */
  readonly access?: string;
  /** The class of the answer; left out when there is no body (204). */
  readonly answer?: DtoClass;
  /** Default 200, or 204 without an answer. */
  readonly status?: number;
  /** The route's own errors. Those of its guard, of the ids in its path and of every route are added. */
  readonly problems?: readonly ErrorEntry[];
  /** Path parameters other than ids, with their descriptions. */
  readonly params?: Readonly<Record<string, string>>;
  /** Whether the answer carries an `ETag` (see `withEntityTag`). */
  readonly hasEntityTag?: boolean;
  /**
   * The path of the created resource, with `{id}` for the id of the answer and the names of the route's own parameters. A 201 then
   * carries it as `Location`.
   */
  readonly location?: string;
  /** Body and answer are JSON lines: the classes of a line of each. The parameter is `@Body() lines: JsonLines`. */
  readonly lines?: { readonly body: DtoClass; readonly answer: DtoClass };
  /**
   * A body to show where the one composed of the fields' examples would be refused or misleading. Forms are filled with it, so it is one
   * sensible request.
   */
  readonly example?: Readonly<Record<string, unknown>>;
  /**
   * Whether the route stores something new, and is refused while the storage is full. By default it does where it answers 201. Ends,
   * cancellations, deletions and signing in go on.
   */
  readonly isNewWork?: boolean;
  /** The media type of the answer, where it is not JSON. */
  readonly mediaType?: string;
  /** Describes the answer to a request that accepts `text/event-stream`. */
  readonly stream?: string;
}

/** The key of the mark of routes that are refused while the storage is full. */
export const NEW_WORK = 'stowage:new-work';

/** The key under which a route's errors travel to `createOpenApiDocument`. */
export const ROUTE_EXTENSION = 'x-stowage-route';

/** The key of the codes with which a guard refuses. */
export const GUARD_EXTENSION = 'x-stowage-guard';

/** The key that marks a public route with a rate limit; all other routes have one. */
export const LIMIT_EXTENSION = 'x-stowage-limited';

/** What `createOpenApiDocument` needs beside the metadata of swagger's decorators. */
export interface RouteExtension {
  /** Left out where a guard declares it. */
  readonly isPublic?: boolean;
  readonly codes: readonly string[];
  readonly hasEntityTag?: boolean;
  readonly hasLocation?: boolean;
  /** The schema of a line, where the body is JSON lines. */
  readonly line?: string;
  readonly example?: Readonly<Record<string, unknown>>;
}

/** Describes a route for the OpenAPI document, and sets the status of its success. */
export function ApiRoute(route: RouteDescription): MethodDecorator {
  const { id, tag, summary, description, access, answer, problems = [], params = {} } = route;
  const { mediaType, hasEntityTag, location, lines } = route;
  const isSilent = answer === undefined && mediaType === undefined && lines === undefined;
  const status = route.status ?? (isSilent ? 204 : 200);
  const isPublic = access === 'public';
  const extension: RouteExtension = {
    ...(access === undefined ? {} : { isPublic }),
    codes: problems.map((problem) => problem.code),
    ...(hasEntityTag === undefined ? {} : { hasEntityTag }),
    ...(location === undefined ? {} : { hasLocation: true }),
    ...(route.example === undefined ? {} : { example: route.example }),
    ...(lines === undefined ? {} : { line: getSchemaPath(lines.body) }),
  };
  return applyDecorators(
    HttpCode(status),
    SetMetadata(NEW_WORK, route.isNewWork ?? status === 201),
    ApiOperation({
      operationId: id,
      summary,
      description: access === undefined ? description : `${description}\n\nNeeds: ${isPublic ? 'no token' : access}.`,
    }),
    ...(tag === undefined ? [] : [ApiTags(tag)]),
    successOf(route, status),
    ApiExtension(ROUTE_EXTENSION, extension),
    ...(location === undefined ? [] : [RouteConfig({ location } satisfies LocationConfig)]),
    ...(answer === undefined ? [] : [ApiExtraModels(answer)]),
    ...(answer === undefined || !isPage(answer) ? [] : [BoundedRead()]),
    ...(lines === undefined ? [] : [ApiExtraModels(lines.body, lines.answer)]),
    ...(isPublic || access === undefined ? [] : [ApiBearerAuth('bearer')]),
    ...Object.entries(params).map(([name, text]) => ApiParam({ name, description: text, schema: { type: 'string' } })),
  );
}

function successOf(route: RouteDescription, status: number): MethodDecorator {
  const { answer, mediaType, stream, lines } = route;
  const result = resultOf(route);
  const text = { schema: { type: 'string' } } as const;
  if (mediaType !== undefined) return ApiResponse({ status, description: result, content: { [mediaType]: text } });
  if (lines !== undefined) {
    const content = { [JSON_LINES_TYPE]: { schema: linesSchema(getSchemaPath(lines.answer)) } };
    return ApiResponse({ status, description: result, content });
  }
  if (answer === undefined) return ApiResponse({ status, description: result });
  if (stream === undefined) return ApiResponse({ status, description: result, type: answer });
  return ApiResponse({
    status,
    description: `${result} As \`text/event-stream\`: ${stream}`,
    content: { 'application/json': { schema: { $ref: getSchemaPath(answer) } }, 'text/event-stream': text },
  });
}
