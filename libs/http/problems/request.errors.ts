import type { FieldError } from '#kernel';

import { defineErrors, enterIntoCatalogue, type ErrorEntry } from './error-catalogue.js';

/** Errors of requests as such, for every lib to throw. */
export const RequestErrors = defineErrors('REQUEST', {
  INVALID: {
    kind: 'invalid',
    title: 'Invalid input',
    explanation:
      'One or more fields of the body, query or path break a rule. `errors` names each: where it is, which rule it breaks, and what is expected. At most 20 are listed.',
  },
  MALFORMED_JSON: {
    kind: 'invalid',
    title: 'Body is not JSON',
    explanation: 'The body could not be read as JSON in UTF-8. `detail` says where reading stopped.',
  },
  INVALID_CURSOR: {
    kind: 'invalid',
    title: 'Invalid cursor',
    explanation:
      'The cursor was not issued for this list with these filters. Cursors are opaque: pass `nextCursor` back unchanged, with the same filters, or start again without one.',
  },
  UNAUTHENTICATED: {
    kind: 'unauthenticated',
    title: 'Not signed in',
    explanation:
      'The request carries no valid access token or API token in the Authorization header. Sign in, or refresh the token.',
  },
  FORBIDDEN: {
    kind: 'forbidden',
    title: 'Not allowed',
    explanation: 'You are known, but your role does not allow this. `requiredRole` says which role does.',
  },
  NO_SUCH_RESOURCE: {
    kind: 'not-found',
    title: 'Not found',
    explanation: 'What the path names does not exist, or is not visible to you; the two are never told apart.',
  },
  CONFLICT: {
    kind: 'conflict',
    title: 'Conflict',
    explanation:
      'The request is acceptable in itself, but contradicts what is stored. Read the present state and decide again.',
  },
  PRECONDITION_FAILED: {
    kind: 'precondition-failed',
    title: 'Changed by somebody else',
    explanation:
      'What was to be edited is no longer as it was read: its entity tag is not among those of If-Match. Nothing was changed. Read it again and decide anew; `etag` is its present tag.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    kind: 'unprocessable',
    title: 'Key of another request',
    explanation:
      'A request with this Idempotency-Key was done, and it had another body. Nothing was changed. Use a new key for a new request.',
  },
  IDEMPOTENCY_KEY_BUSY: {
    kind: 'conflict',
    title: 'The same request is under way',
    explanation:
      'An earlier request with this Idempotency-Key has not been answered yet, though this one waited for it. Send it again after Retry-After seconds, with the same key.',
  },
  IDEMPOTENT_ANSWER_LOST: {
    kind: 'conflict',
    title: 'Done, but the answer is lost',
    explanation:
      'The request was done under this Idempotency-Key, and its answer cannot be read any more, because the secret of the installation has changed since. Look for what it made; a new key does it again.',
  },
  TOO_MANY: {
    kind: 'too-many',
    title: 'Too many requests',
    explanation: 'A rate limit is exhausted. Wait for the seconds that Retry-After gives.',
  },
  UNAVAILABLE: {
    kind: 'unavailable',
    title: 'Temporarily unavailable',
    explanation:
      'Something that the service depends on does not answer at the moment. Nothing was changed unless a later read shows it. Try again after Retry-After seconds.',
  },
});

/** A refusal that belongs to HTTP itself and to no domain: a method, a media type, a size. */
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
  enterIntoCatalogue(entry);
  return entry;
}

/** What HTTP itself can refuse. */
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
    'The path is not part of this API. Paths are case-sensitive, and have no slash at the end.',
  ),
  METHOD_NOT_ALLOWED: transport(
    405,
    'METHOD_NOT_ALLOWED',
    'Method not allowed',
    'The path exists, but not with this method. The Allow header lists the methods that it has.',
  ),
  TIMEOUT: transport(408, 'TIMEOUT', 'Request took too long', 'The request did not arrive completely in time.'),
  TOO_LARGE: transport(
    413,
    'TOO_LARGE',
    'Body too large',
    'The body, after decompression, is larger than this route accepts (100 KiB unless its description says otherwise).',
  ),
  URL_TOO_LONG: transport(
    414,
    'URL_TOO_LONG',
    'Address too long',
    'A part of the path is longer than any that exists.',
  ),
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
    'Only `Expect: 100-continue` is understood.',
  ),
  HEADERS_TOO_LARGE: transport(
    431,
    'HEADERS_TOO_LARGE',
    'Headers too large',
    'The request line and headers together are larger than 16 KiB.',
  ),
} as const;

/** The answer to whatever nobody foresaw. */
export const UNEXPECTED: ErrorEntry = {
  code: 'INTERNAL.UNEXPECTED',
  status: 500,
  title: 'Unexpected error',
  explanation: 'A fault on our side. It was logged under `requestId`; give that when you report it.',
};
enterIntoCatalogue(UNEXPECTED);
