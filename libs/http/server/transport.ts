import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import type { FastifyHttpOptions } from 'fastify';

import type { Settings } from '#config';
import { newId } from '#kernel';

import type { ErrorEntry } from '../problems/error-catalogue.js';
import { PROBLEM_TYPE, problemOf } from '../problems/problem.js';
import { sendProblem } from './problem.filter.js';
import { TransportError, TransportErrors } from '../problems/request.errors.js';

/** Limits of every connection and request. Times in milliseconds, sizes in bytes. */
export const HTTP_LIMITS = {
  /** A body, unless the route has its own `@BodyLimit`. */
  bodyBytes: 100 * 1024,
  /** Request line and headers together. */
  headerBytes: 16 * 1024,
  headersMs: 10_000,
  /** A whole request, from its first byte to its last. */
  requestMs: 25_000,
  keepAliveMs: 72_000,
  /** What is read of a body that nothing has asked for, but for what arrives with it. */
  readAheadBytes: 16 * 1024,
  /** Connections that wait to be accepted. The system may allow fewer (net.core.somaxconn). */
  backlog: 4_096,
} as const;

const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/** The client's request id where it is harmless, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const offered = request.headers['x-request-id'];
  return typeof offered === 'string' && REQUEST_ID.test(offered) ? offered : newId();
}

/** Headers of every answer, also of those written below the framework. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
};

const BY_PARSER_CODE: Readonly<Record<string, ErrorEntry>> = {
  HPE_HEADER_OVERFLOW: TransportErrors.HEADERS_TOO_LARGE,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: TransportErrors.TOO_LARGE,
  ERR_HTTP_REQUEST_TIMEOUT: TransportErrors.TIMEOUT,
};

/** A problem that is answered below the framework, as text with all its headers. */
function rawProblem(entry: ErrorEntry, requestId: string): { status: number; text: string; headers: object } {
  const { body } = problemOf(new TransportError(entry), requestId);
  const text = JSON.stringify(body);
  const headers = {
    ...SECURITY_HEADERS,
    'content-type': PROBLEM_TYPE,
    'content-length': String(Buffer.byteLength(text)),
    'cache-control': 'no-store',
    'x-request-id': requestId,
    connection: 'close',
  };
  return { status: body.status, text, headers };
}

/** Answers bytes that are not a valid HTTP request, and closes the connection. */
function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const entry = BY_PARSER_CODE[error.code ?? ''] ?? TransportErrors.BAD_REQUEST;
  const { status, text, headers } = rawProblem(entry, newId());
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n${text}`);
}

/** Answers an `Expect` other than `100-continue`. */
export function answerExpectation(request: IncomingMessage, response: ServerResponse): void {
  const { status, text, headers } = rawProblem(TransportErrors.EXPECTATION_FAILED, requestIdOf(request));
  response.writeHead(status, { ...headers }).end(text);
}

/** Fastify's options: limits, request ids, trusted proxies, and problems for errors before a route is found. */
export function fastifyOptions(settings: Settings): FastifyHttpOptions<Server> {
  const { trustProxy } = settings;
  return {
    logger: false,
    trustProxy:
      typeof trustProxy === 'number'
        ? (_address, hop) => hop < trustProxy
        : trustProxy === false
          ? false
          : [...trustProxy],
    // The router would take the target `*` for `/`.
    rewriteUrl: ({ url = '/' }) => (url === '*' ? '/*' : url),
    genReqId: requestIdOf,
    requestIdHeader: false,
    bodyLimit: HTTP_LIMITS.bodyBytes,
    requestTimeout: HTTP_LIMITS.requestMs,
    keepAliveTimeout: HTTP_LIMITS.keepAliveMs,
    return503OnClosing: true,
    http: {
      maxHeaderSize: HTTP_LIMITS.headerBytes,
      headersTimeout: HTTP_LIMITS.headersMs,
      requestTimeout: HTTP_LIMITS.requestMs,
      connectionsCheckingInterval: 1000,
      highWaterMark: HTTP_LIMITS.readAheadBytes,
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      void reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id, 'cache-control': 'no-store' });
      sendProblem(reply, error, () => undefined);
    },
  };
}
