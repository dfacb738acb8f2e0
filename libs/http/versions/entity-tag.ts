import { type FastifyInstance } from 'fastify';

const versions = new WeakMap<object, number>();

/**
 * Sets the version of the resource that an answer shows: the answer then has a strong `ETag`, for a later `If-Match`.
 *
 * The version covers the editable fields, not figures (allocated, waiting), which change every second and must not refuse an edit. For the
 * same reason `If-None-Match` is not supported.
 *
 * @param answer the whole answer of a route; without effect on an item of a list
 * @param version a whole number that every edit raises
 */
export function withEntityTag<T extends object>(answer: T, version: number): T {
  versions.set(answer, version);
  return answer;
}

/** The version of an answer; undefined where it has no entity tag. */
export function versionOf(answer: object): number | undefined {
  return versions.get(answer);
}

/** The entity tag of a version, in its quotes (RFC 9110, section 8.8.3). */
export function entityTagOf(version: number): string {
  return `"${version}"`;
}

/** Sends the entity tags of answers. */
export function addEntityTags(fastify: FastifyInstance): void {
  fastify.addHook('preSerialization', (_request, reply, payload: unknown, done) => {
    const version = typeof payload === 'object' && payload !== null ? versionOf(payload) : undefined;
    if (version !== undefined) void reply.header('etag', entityTagOf(version));
    done(null, payload);
  });
}
