import type { ServerResponse } from 'node:http';

import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import type { Logger } from 'pino';

import { isId } from '#kernel';
import { openSpan, type OpenSpan } from '#telemetry';

import { RawBody } from '../json/raw-body.js';
import { JSON_LINES_TYPE, JsonLines } from '../lines/json-lines.js';
import { RequestErrors, TransportError, TransportErrors } from '../problems/request.errors.js';
import { closingOf, currentRequest, runInRequest } from './request-context.js';
import { SECURITY_HEADERS } from './transport.js';

/** Passes every body on unread; `RequestPipe` reads it after the guards. */
export function passBodiesUnread(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.decorateRequest('account');
  fastify.decorateRequest('answer');
  fastify.addContentTypeParser('*', (request, payload, done) => {
    done(null, new RawBody(payload, request, request.routeOptions.bodyLimit));
  });
  fastify.addContentTypeParser(JSON_LINES_TYPE, (request, payload, done) => {
    done(null, new JsonLines(payload, request));
  });
  // Clients that wait to be asked for a body are asked when it is read.
  fastify.server.on('checkContinue', (request, response) => fastify.server.emit('request', request, response));
  // Applies the limit that `BodyLimit` wrote into the route's configuration.
  fastify.addHook('onRoute', (route) => {
    const limit = (route.config as { bodyLimit?: number } | undefined)?.bodyLimit;
    if (limit !== undefined) {
      route.bodyLimit = limit;
    }
  });
}

/**
 * Checks the ids of a path before anything else, for every caller, and lowers their case: one object has one spelling.
 *
 * @returns false when a part of the path is empty: no route matches then
 */
function checkPathIds(request: FastifyRequest): boolean {
  const params = request.params as Record<string, string>;
  for (const name in params) {
    const value = params[name] ?? '';
    if (value === '') {
      return false;
    }
    if (!name.endsWith('Id')) {
      continue;
    }
    if (!isId(value)) {
      throw RequestErrors.INVALID.because(`${name} must be a UUID.`, {}, [
        { pointer: name, code: 'invalid-id', message: 'must be a UUID' },
      ]);
    }
    params[name] = value.toLowerCase();
  }
  return true;
}

/** Adds what every request has beside its route: headers, checks of the path, context, one line in the log. */
export function addRequestHooks(fastify: FastifyInstance, logger: Logger): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.headers(SECURITY_HEADERS).header('x-request-id', request.id).header('cache-control', 'no-store');
    if (checkPathIds(request)) {
      done();
    } else {
      reply.callNotFound();
    }
  });
  fastify.addHook('preHandler', (request, reply, done) => {
    const { id: requestId, ip, headers } = request;
    request.answer = reply.raw;
    const context = {
      requestId,
      ip,
      userAgent: headers['user-agent']?.slice(0, 256),
      logged: {},
      whenClosed: closingOf(reply.raw),
    };
    runInRequest(context, () => {
      request.logged = context.logged;
      const route = request.routeOptions.url ?? 'none';
      const attributes = {
        'http.request.method': request.method,
        'http.route': route,
        'stowage.request_id': requestId,
      };
      request.span = openSpan(`${request.method} ${route}`, { kind: 'server', attributes }, headers, done);
    });
  });
  fastify.decorateRequest('logged');
  fastify.decorateRequest('span');
  fastify.addHook('onResponse', (request, reply, done) => {
    const status = reply.statusCode;
    const line = {
      requestId: request.id,
      method: request.method,
      route: request.is404 ? undefined : request.routeOptions.url,
      path: request.url.split('?', 1)[0]?.slice(0, 512),
      status,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      ip: request.ip,
      ...request.logged,
    };
    request.span?.end({ 'http.response.status_code': status }, status >= 500);
    logger[levelOf(status)](line, 'request');
    done();
  });
}

/** A refusal for lack of capacity is expected under load, and counted by its code; only a fault is an error. */
function levelOf(status: number): 'error' | 'info' {
  return status >= 500 && status !== 503 && status !== 507 ? 'error' : 'info';
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Ids for the request's log line; see `logWithRequest`. */
    logged: Record<string, string> | undefined;
    /** The request's span, where traces are on. */
    span: OpenSpan | undefined;
    /** The account for which limits are counted. A guard sets it, before the body is read. */
    account: string | undefined;
    /** The answer, for what ends with it. */
    answer: ServerResponse | undefined;
  }
}

/** Adds ids, such as `userId`, to the log line of the current request. Never a secret. */
export function logWithRequest(facts: Readonly<Record<string, string>>): void {
  const request = currentRequest();
  if (request !== undefined) {
    Object.assign(request.logged, facts);
  }
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const;

/** Collects the methods of every path, for {@link answerOtherMethods}. Call before routes are added. */
export function collectRoutes(fastify: FastifyInstance): Map<string, Set<string>> {
  const methodsByPath = new Map<string, Set<string>>();
  fastify.addHook('onRoute', ({ url, method }: RouteOptions) => {
    const methods = methodsByPath.get(url) ?? new Set();
    methodsByPath.set(url, methods);
    for (const one of [method].flat()) {
      methods.add(one);
    }
  });
  return methodsByPath;
}

/** Answers 405 with `Allow` for methods that a path does not support, and OPTIONS. Call after all routes are added. */
export function answerOtherMethods(
  fastify: FastifyInstance,
  methodsByPath: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  for (const [url, methods] of [...methodsByPath]) {
    if (url.includes('*')) {
      continue;
    }
    const allow = [...METHODS.filter((method) => methods.has(method)), 'OPTIONS'].join(', ');
    if (!methods.has('OPTIONS')) {
      fastify.options(url, (_request, reply) => reply.code(204).header('allow', allow).send());
    }
    const others = METHODS.filter((method) => !methods.has(method) && method !== 'OPTIONS');
    if (others.length > 0) {
      fastify.route({
        url,
        method: others,
        handler: (request) => {
          const detail = `${request.method} is not supported here; supported are ${allow}.`;
          throw new TransportError(TransportErrors.METHOD_NOT_ALLOWED, detail, { allow });
        },
      });
    }
  }
}
