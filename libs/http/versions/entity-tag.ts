import { type FastifyInstance } from 'fastify';

const versions = new WeakMap<object, number>();

/**
 * Notes which version of a thing an answer shows: the answer then carries it as a strong `ETag`, for a later `If-Match`.
 *
 * The version covers what can be edited, not what is only shown (what is allocated, how many wait), so that figures which change by the
 * second refuse nobody's edit. For the same reason `If-None-Match` is not honoured: the tag does not say that nothing was to be seen.
 *
 * @param answer the whole answer of a route; in an item of a list the note does nothing
 * @param version a whole number that every edit raises
 */
export function withEntityTag<T extends object>(answer: T, version: number): T {
  versions.set(answer, version);
  return answer;
}

/** The version that an answer shows; undefined where it carries no entity tag. */
export function versionOf(answer: object): number | undefined {
  return versions.get(answer);
}

/** The entity tag of a version, in its quotes (RFC 9110, section 8.8.3). */
export function entityTagOf(version: number): string {
  return `"${version}"`;
}

/** Sends the entity tags of answers that have one. */
export function addEntityTags(fastify: FastifyInstance): void {
  fastify.addHook('preSerialization', (_request, reply, payload: unknown, done) => {
    const version = typeof payload === 'object' && payload !== null ? versionOf(payload) : undefined;
    if (version !== undefined) void reply.header('etag', entityTagOf(version));
    done(null, payload);
  });
}
