import { type Json } from './json.js';

/** Headers of answers, as components of the document. */
export const HEADERS: Readonly<Record<string, Json>> = {
  EntityTag: {
    description:
      'The version of the editable fields, for `If-Match`. Read-only figures do not change it, therefore `If-None-Match` is not supported.',
    required: true,
    schema: { type: 'string', pattern: '^"[0-9]+"$', example: '"7"' },
  },
  IdempotencyReplayed: {
    description: '`true` when this is the stored first answer under the same `Idempotency-Key`.',
    schema: { type: 'string', enum: ['true'] },
  },
  Location: {
    description: 'The address of the created resource.',
    required: true,
    schema: {
      type: 'string',
      format: 'uri-reference',
      example: '/v1/organizations/01990d6b-7b3e-7c44-a5f8-5d1c2f9e8a10',
    },
  },
  PreferenceApplied: {
    description: 'Present when the answer was delayed as `Prefer` requested.',
    schema: { type: 'string', pattern: '^wait=[0-9]+$', example: 'wait=5' },
  },
  RateLimit: {
    description:
      'The rest of the limit (IETF draft on RateLimit headers): its name, `r` requests left, and `t` seconds until it is full again.',
    schema: { type: 'string', pattern: '^"[a-z-]+";r=[0-9]+;t=[0-9]+$', example: '"requests";r=99;t=1' },
  },
  RateLimitPolicy: {
    description: 'The limit: its name, and `q` requests in `w` seconds.',
    schema: { type: 'string', pattern: '^"[a-z-]+";q=[0-9]+;w=[0-9]+$', example: '"requests";q=100;w=1' },
  },
  RequestId: {
    description:
      'The id of the request: the one that was sent if it matches `^[A-Za-z0-9._-]{8,64}$`, else a generated one.',
    required: true,
    schema: { type: 'string', minLength: 8, maxLength: 64, example: '01990d6b-7b3e-7c44-a5f8-5d1c2f9e8a10' },
  },
  RetryAfter: {
    description: 'Seconds to wait before the next try.',
    schema: { type: 'string', pattern: '^[0-9]+$', example: '1' },
  },
  Authenticate: {
    description: 'The required kind of credential (RFC 9110).',
    required: true,
    schema: { type: 'string', enum: ['Bearer'] },
  },
};

const to = (name: keyof typeof HEADERS): Json => ({ $ref: `#/components/headers/${name}` });
const RATE_LIMIT = { RateLimit: to('RateLimit'), 'RateLimit-Policy': to('RateLimitPolicy') };

/** The properties of an operation that decide the headers of its answers. */
export interface HeaderTraits {
  readonly hasEntityTag: boolean;
  readonly hasLocation: boolean;
  readonly isIdempotent: boolean;
  readonly supportsWait: boolean;
  readonly isLimited: boolean;
}

/** The headers of a success. */
export function headersOfSuccess(traits: HeaderTraits): Json {
  const { hasEntityTag, hasLocation, isIdempotent, supportsWait, isLimited } = traits;
  return {
    'X-Request-Id': to('RequestId'),
    ...(hasEntityTag ? { ETag: to('EntityTag') } : {}),
    ...(hasLocation ? { Location: to('Location') } : {}),
    ...(isIdempotent ? { 'Idempotency-Replayed': to('IdempotencyReplayed') } : {}),
    ...(supportsWait ? { 'Preference-Applied': to('PreferenceApplied') } : {}),
    ...(isLimited ? RATE_LIMIT : {}),
  };
}

/** The headers of a problem with this status. */
export function headersOfProblem(status: number): Json {
  return {
    'X-Request-Id': to('RequestId'),
    ...(status === 401 ? { 'WWW-Authenticate': to('Authenticate') } : {}),
    ...([409, 429, 503].includes(status) ? { 'Retry-After': to('RetryAfter') } : {}),
    ...(status === 429 ? RATE_LIMIT : {}),
  };
}
