import { type FastifyContextConfig, type FastifyInstance } from 'fastify';

/** The part of a route's configuration that {@link addLocations} reads. */
export interface LocationConfig {
  /** The path of the created resource, with `{id}` for the id of the answer, and the route's own parameters. */
  readonly location: string;
}

/** Sends `Location` with every 201 of a route that declares it (RFC 9110, section 10.2.2). */
export function addLocations(fastify: FastifyInstance): void {
  fastify.addHook('preSerialization', (request, reply, payload: unknown, done) => {
    const { location } = request.routeOptions.config as FastifyContextConfig & Partial<LocationConfig>;
    if (location !== undefined && reply.statusCode === 201) {
      const values = { ...(request.params as object), ...(payload as object) } as Readonly<Record<string, unknown>>;
      void reply.header(
        'location',
        location.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name])),
      );
    }
    done(null, payload);
  });
}
