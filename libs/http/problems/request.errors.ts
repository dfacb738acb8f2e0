import type { FieldError } from '#kernel';

import { defineErrors, addToCatalogue, type ErrorEntry } from './error-catalogue.js';

/** General errors of requests, for every lib to throw. */
export const RequestErrors = defineErrors('REQUEST', {
  INVALID: {
    kind: 'invalid',
    title: 'Invalid input',
    explanation:
      'One or more fields of the body, query or path break a rule. `errors` lists each with its pointer, the code of the rule and what is expected; at most 20.',
  },
  MALFORMED_JSON: {
    kind: 'invalid',
    title: 'Body is not JSON',
    explanation: 'The body is not JSON in UTF-8. `detail` gives the position at which reading stopped.',
  },
  INVALID_CURSOR: {
    kind: 'invalid',
    title: 'Invalid cursor',
    explanation:
      'The cursor was not issued for this list with these filters. Cursors are opaque: send `nextCursor` unchanged, with the same filters, or start without one.',
  },
  UNAUTHENTICATED: {
    kind: 'unauthenticated',
    title: 'Not signed in',
    explanation:
      'The request has no valid access token or API token in the Authorization header. Sign in, or refresh the token.',
  },
  FORBIDDEN: {
    kind: 'forbidden',
    title: 'Not allowed',
    explanation: 'The role of the caller does not allow this. `requiredRole` is the role that does.',
  },
  NO_SUCH_RESOURCE: {
    kind: 'not-found',
    title: 'Not found',
    explanation: 'The resource does not exist or is not visible to the caller; both are answered alike.',
  },
  CONFLICT: {
    kind: 'conflict',
    title: 'Conflict',
    explanation: 'The request is valid, but conflicts with the stored state. Read the current state and decide again.',
  },
  PRECONDITION_FAILED: {
    kind: 'precondition-failed',
    title: 'Edited since it was read',
    explanation:
      'The resource was edited after it was read: its entity tag is not among those of If-Match. Nothing was changed. Read the resource again and decide anew; `etag` is its current tag.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    kind: 'unprocessable',
    title: 'Key of another request',
    explanation:
      'A request with this Idempotency-Key and another body was already done. Nothing was changed. Use a new key for a new request.',
  },
  IDEMPOTENCY_KEY_BUSY: {
    kind: 'conflict',
    title: 'The same request is in progress',
    explanation:
      'An earlier request with this Idempotency-Key has not been answered yet. Send the request again after Retry-After seconds, with the same key.',
  },
  IDEMPOTENT_ANSWER_LOST: {
    kind: 'conflict',
    title: 'The stored answer cannot be read',
    explanation:
      'The request was done under this Idempotency-Key, but its answer cannot be decrypted, because the secret of the installation has changed since. Look for the created resource; a new key does the request again.',
  },
  TOO_MANY: {
    kind: 'too-many',
    title: 'Too many requests',
    explanation:
      'A rate limit is exhausted, too many or too large bodies of one account are processed at the same time, or too many of its lists and reports wait for their turn. Wait for the seconds in Retry-After.',
  },
  BUSY: {
    kind: 'unavailable',
    title: 'Too busy for this body',
    explanation:
      'The process has no room for more bodies, or so much to do that small requests go first. The request had no effect: send it again after Retry-After seconds.',
  },
  UNAVAILABLE: {
    kind: 'unavailable',
    title: 'Temporarily unavailable',
    explanation:
      'A dependency of the service does not answer at the moment. Whether the request had an effect is unknown: read the state, then try again after Retry-After seconds.',
  },
});

/** The refusal where the disk, or what the installation may use of it, is nearly full. */
export const StorageErrors = defineErrors('STORAGE', {
  FULL: {
    kind: 'full',
    title: 'Storage is full',
    explanation:
      'The installation has no room for more: it accepts nothing new, such as deployments, clusters, members or tokens. Reading, signing in, reporting, cancelling and deleting go on. Try again later; an operator has to make room.',
  },
});

/** A refusal by HTTP rules, not by a domain rule: a method, a media type, a size. */
export class TransportError extends Error {
  constructor(
    readonly entry: ErrorEntry,
    detail = `${entry.title}.`,
    readonly headers: Readonly<Record<string, string>> = {},
    readonly fields: readonly FieldError[] = [],
  ) {
    super(detail);
    this.name = 'TransportError';
  }
}

function transport(status: number, reason: string, title: string, explanation: string): ErrorEntry {
  const entry = { code: `REQUEST.${reason}`, status, title, explanation };
  addToCatalogue(entry);
  return entry;
}

/** The refusals by HTTP rules. */
export const TransportErrors = {
  BAD_REQUEST: transport(
    400,
    'MALFORMED',
    'Malformed request',
    'The request line, a header or the body length breaks HTTP, or the path holds an invalid escape.',
  ),
  BAD_ENCODING: transport(
    400,
    'BAD_ENCODING',
    'Body cannot be decompressed',
    'The body is not valid in its Content-Encoding.',
  ),
  NO_SUCH_ROUTE: transport(
    404,
    'NO_SUCH_ROUTE',
    'No such route',
    'The path is not part of this API. Paths are case-sensitive and have no trailing slash.',
  ),
  METHOD_NOT_ALLOWED: transport(
    405,
    'METHOD_NOT_ALLOWED',
    'Method not allowed',
    'The path does not support this method. The Allow header lists the supported ones.',
  ),
  TIMEOUT: transport(
    408,
    'TIMEOUT',
    'Request took too long',
    'The request did not arrive in time: within 25 s, its headers within 10 s, and its body within 10 s and one more for each 64 KiB.',
  ),
  TOO_LARGE: transport(
    413,
    'TOO_LARGE',
    'Body too large',
    'The decompressed body is larger than the limit of the route: 100 KiB unless its description says otherwise, 16 KiB where no token is needed.',
  ),
  URL_TOO_LONG: transport(414, 'URL_TOO_LONG', 'Address too long', 'A part of the path is longer than any valid one.'),
  UNSUPPORTED_MEDIA_TYPE: transport(
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    'Unsupported media type',
    'Bodies are JSON in UTF-8: Content-Type application/json, Content-Encoding gzip or none.',
  ),
  EXPECTATION_FAILED: transport(
    417,
    'EXPECTATION_FAILED',
    'Expectation failed',
    'Only `Expect: 100-continue` is supported.',
  ),
  HEADERS_TOO_LARGE: transport(
    431,
    'HEADERS_TOO_LARGE',
    'Headers too large',
    'The request line and headers together are larger than 16 KiB.',
  ),
} as const;

/** The answer to an unexpected error. */
export const UNEXPECTED: ErrorEntry = {
  code: 'INTERNAL.UNEXPECTED',
  status: 500,
  title: 'Unexpected error',
  explanation: 'A fault of the service. It was logged under `requestId`; include that in a report.',
};
addToCatalogue(UNEXPECTED);
