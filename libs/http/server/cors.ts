import type { FastifyInstance } from 'fastify';

const EXPOSED =
  'ETag, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, Idempotency-Replayed, Preference-Applied, Location, Allow';
const ALLOWED_HEADERS =
  'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Prefer, X-Request-Id';
const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const PREFLIGHT_SECONDS = '600';

/**
 * Allows pages of the listed origins to call the API from a browser (Fetch standard, section 3.3). Credentials are never
 * allowed: the API reads tokens from a header and has no cookies. Each path has its own route for OPTIONS.
 */
export function allowOrigins(fastify: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) {
    return;
  }
  const isOpen = origins.includes('*');
  const listed = new Set(origins);
  fastify.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    void reply.header('vary', 'Origin');
    if (origin !== undefined && (isOpen || listed.has(origin))) {
      void reply.headers({
        'access-control-allow-origin': isOpen ? '*' : origin,
        'access-control-expose-headers': EXPOSED,
        // The listed origins, which differ from ours, may read answers.
        'cross-origin-resource-policy': 'cross-origin',
      });
      if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
        void reply.headers({
          'access-control-allow-methods': ALLOWED_METHODS,
          'access-control-allow-headers': ALLOWED_HEADERS,
          'access-control-max-age': PREFLIGHT_SECONDS,
        });
      }
    }
    done();
  });
}
