import { type Json } from './json.js';

/** Headers of answers, as components of the document. */
export const HEADERS: Readonly<Record<string, Json>> = {
  EntityTag: {
    description:
      'The version of what can be edited here, for `If-Match`. Figures that are only shown do not change it, so that `If-None-Match` is not honoured.',
    required: true,
    schema: { type: 'string', pattern: '^"[0-9]+"$', example: '"7"' },
  },
  IdempotencyReplayed: {
    description: '`true` when this is the first answer again, given to the same `Idempotency-Key`.',
    schema: { type: 'string', enum: ['true'] },
  },
  Location: {
    description: 'Where what was created can be read.',
    required: true,
    schema: {
      type: 'string',
      format: 'uri-reference',
      example: '/v1/organizations/01990d6b-7b3e-7c44-a5f8-5d1c2f9e8a10',
    },
  },
  PreferenceApplied: {
    description: 'There when the answer was waited for, as `Prefer` asked.',
    schema: { type: 'string', pattern: '^wait=[0-9]+$', example: 'wait=5' },
  },
  RateLimit: {
    description:
      'What is left of the limit (IETF draft on RateLimit headers): its name, `r` requests, and `t` seconds until it is whole again.',
    schema: { type: 'string', pattern: '^"[a-z-]+";r=[0-9]+;t=[0-9]+$', example: '"requests";r=99;t=1' },
  },
  RateLimitPolicy: {
    description: 'The limit: its name, and `q` requests in `w` seconds.',
    schema: { type: 'string', pattern: '^"[a-z-]+";q=[0-9]+;w=[0-9]+$', example: '"requests";q=100;w=1' },
  },
  RequestId: {
    description: 'The id of the request: yours if it matched `^[A-Za-z0-9._-]{8,64}$`, else one of ours.',
    required: true,
    schema: { type: 'string', minLength: 8, maxLength: 64, example: '01990d6b-7b3e-7c44-a5f8-5d1c2f9e8a10' },
  },
  RetryAfter: {
    description: 'Seconds to wait before the next try.',
    schema: { type: 'string', pattern: '^[0-9]+$', example: '1' },
  },
  Authenticate: {
    description: 'Which credential is asked for (RFC 9110).',
    required: true,
    schema: { type: 'string', enum: ['Bearer'] },
  },
};

const to = (name: keyof typeof HEADERS): Json => ({ $ref: `#/components/headers/${name}` });
const RATE_LIMIT = { RateLimit: to('RateLimit'), 'RateLimit-Policy': to('RateLimitPolicy') };

/** What decides which headers an operation's answers carry. */
export interface HeaderTraits {
  readonly hasEntityTag: boolean;
  readonly hasLocation: boolean;
  readonly isIdempotent: boolean;
  readonly heedsWaits: boolean;
  readonly isLimited: boolean;
}

/** The headers of a success. */
export function headersOfSuccess({
  hasEntityTag,
  hasLocation,
  isIdempotent,
  heedsWaits,
  isLimited,
}: HeaderTraits): Json {
  return {
    'X-Request-Id': to('RequestId'),
    ...(hasEntityTag ? { ETag: to('EntityTag') } : {}),
    ...(hasLocation ? { Location: to('Location') } : {}),
    ...(isIdempotent ? { 'Idempotency-Replayed': to('IdempotencyReplayed') } : {}),
    ...(heedsWaits ? { 'Preference-Applied': to('PreferenceApplied') } : {}),
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
