import { HttpException } from '@nestjs/common';

import { sqlStateOf } from '#database';
import { DomainError, type ErrorFacts, type FieldError } from '#kernel';

import { type ErrorEntry, findError, STATUS_BY_KIND } from './error-catalogue.js';
import { RequestErrors, StorageErrors, TransportError, TransportErrors, UNEXPECTED } from './request.errors.js';

/** The most field errors that one answer lists. */
export const MAX_FIELD_ERRORS = 20;

/** The default of Retry-After. */
const DEFAULT_RETRY_AFTER_SECONDS = 1;

/** An RFC 9457 problem: the body of every answer to a failed request, as `application/problem+json`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
  /** Facts of the error: numbers, states, limits. */
  readonly [fact: string]: unknown;
}

/** A problem with its headers. */
export interface ProblemAnswer {
  readonly body: Problem;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the error is a fault of ours, which must be logged with its stack. */
  readonly isUnexpected: boolean;
}

interface Translation {
  readonly entry: ErrorEntry;
  readonly detail: string;
  readonly facts?: ErrorFacts;
  readonly fields?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly isUnexpected?: boolean;
}

const plain = (entry: ErrorEntry): Translation => ({ entry, detail: `${entry.title}.` });

/** Also the answer to `/`. */
const noSuchRoute: Translation = {
  entry: TransportErrors.NO_SUCH_ROUTE,
  detail: 'No such route. Those of the API begin with /v1, and are described at its /docs.',
};

const unavailable: Translation = {
  ...plain(RequestErrors.UNAVAILABLE),
  facts: { retryAfterSeconds: DEFAULT_RETRY_AFTER_SECONDS },
};

const BY_FASTIFY_CODE: Readonly<Record<string, ErrorEntry>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: TransportErrors.TOO_LARGE,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: TransportErrors.UNSUPPORTED_MEDIA_TYPE,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: TransportErrors.BAD_REQUEST,
  FST_ERR_BAD_URL: TransportErrors.BAD_REQUEST,
  FST_ERR_MAX_PARAM_LENGTH: TransportErrors.URL_TOO_LONG,
};

const BY_STATUS: Readonly<Record<number, ErrorEntry>> = {
  400: TransportErrors.BAD_REQUEST,
  401: RequestErrors.UNAUTHENTICATED,
  403: RequestErrors.FORBIDDEN,
  404: TransportErrors.NO_SUCH_ROUTE,
  405: TransportErrors.METHOD_NOT_ALLOWED,
  408: TransportErrors.TIMEOUT,
  409: RequestErrors.CONFLICT,
  412: RequestErrors.PRECONDITION_FAILED,
  413: TransportErrors.TOO_LARGE,
  414: TransportErrors.URL_TOO_LONG,
  415: TransportErrors.UNSUPPORTED_MEDIA_TYPE,
  429: RequestErrors.TOO_MANY,
  503: RequestErrors.UNAVAILABLE,
};

/** Translations by prefix of the SQLSTATE; the first match counts. */
const BY_SQL_STATE: readonly (readonly [prefix: string, translation: Translation])[] = [
  ['23505', { ...plain(RequestErrors.CONFLICT), detail: 'A resource with the same name or key exists already.' }],
  ['23503', { ...plain(RequestErrors.CONFLICT), detail: 'Another resource that is related to this one prevents it.' }],
  ['23514', { ...plain(RequestErrors.CONFLICT), detail: 'The result would break a rule of the stored data.' }],
  // Gaps in our validation: answered as the client's error, and logged as ours.
  ...['22P02', '22003', '22021', '22P05'].map((state) => {
    return [state, { ...plain(RequestErrors.INVALID), isUnexpected: true }] as const;
  }),
  ['53100', plain(StorageErrors.FULL)],
  // A race that was lost after retries, and temporary conditions: connections, locks, time-outs, resources.
  ...['40001', '40P01', '55P03', '57014', '57P', '25P03', '25P04', '53', '08'].map(
    (state) => [state, unavailable] as const,
  ),
];

const CONNECTION_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);

const CONNECTION_TEXT =
  /timeout exceeded when trying to connect|connection terminated|connection timeout|is not queryable|pool.*(destroy|timeout)/i;

interface Cause {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
}

const isObject = (value: unknown): value is Cause => typeof value === 'object' && value !== null;

function* causesOf(error: unknown): Generator<Cause> {
  for (let cause = error, depth = 0; isObject(cause) && depth < 5; cause = cause.cause, depth++) {
    yield cause;
  }
}

/** Errors of the database's driver and of its network. @returns undefined for any other error */
function translateStorageError(error: unknown): Translation | undefined {
  const state = sqlStateOf(error);
  const match = state === undefined ? undefined : BY_SQL_STATE.find(([prefix]) => state.startsWith(prefix));
  if (match !== undefined) {
    return match[1];
  }
  for (const cause of causesOf(error)) {
    if (CONNECTION_CODES.has(cause.code) || CONNECTION_TEXT.test(String(cause.message))) {
      return unavailable;
    }
  }
  return undefined;
}

/** Errors of Nest or Fastify. Their texts are not passed on. */
function translateFrameworkError(error: unknown): Translation | undefined {
  for (const cause of causesOf(error)) {
    const entry = BY_FASTIFY_CODE[String(cause.code)];
    if (entry !== undefined) {
      return plain(entry);
    }
    const status = cause instanceof HttpException ? cause.getStatus() : cause.statusCode;
    const byStatus = typeof status === 'number' ? BY_STATUS[status] : undefined;
    if (byStatus !== undefined) {
      return byStatus === TransportErrors.NO_SUCH_ROUTE ? noSuchRoute : plain(byStatus);
    }
    if (typeof status === 'number' && status >= 400 && status < 500) {
      return plain(TransportErrors.BAD_REQUEST);
    }
  }
  return undefined;
}

function translate(error: unknown): Translation {
  if (error instanceof DomainError) {
    const { code, kind, message, facts, fields } = error;
    const entry = findError(code) ?? { code, status: STATUS_BY_KIND[kind], title: code, explanation: '' };
    return { entry, detail: message, facts, fields };
  }
  if (error instanceof TransportError) {
    return { entry: error.entry, detail: error.message, headers: error.headers, fields: error.fields };
  }
  return translateStorageError(error) ?? translateFrameworkError(error) ?? { ...plain(UNEXPECTED), isUnexpected: true };
}

/** The answer to an error of any kind. Only the texts of declared errors reach a client. */
export function problemOf(error: unknown, requestId: string): ProblemAnswer {
  const { entry, detail, facts = {}, fields = [], headers = {}, isUnexpected = false } = translate(error);
  const retryAfter = facts['retryAfterSeconds'] ?? (entry.status === 503 ? DEFAULT_RETRY_AFTER_SECONDS : undefined);
  const members = {
    type: `/problems/${entry.code}`,
    title: entry.title,
    status: entry.status,
    detail,
    code: entry.code,
    requestId,
    ...(fields.length > 0 ? { errors: fields.slice(0, MAX_FIELD_ERRORS) } : {}),
  };
  return {
    // Twice: first for the order of display, then so that no fact replaces them.
    body: { ...members, ...facts, ...members },
    headers: {
      ...(typeof retryAfter === 'number' ? { 'retry-after': String(Math.ceil(retryAfter)) } : {}),
      ...(entry.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...headers,
    },
    isUnexpected,
  };
}

/** The media type of every answer with status 400 or above. */
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';
