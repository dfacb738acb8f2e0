import { RouteConfig } from '@nestjs/platform-fastify';

/** Sets the limit of a route's body, in bytes after decompression; the default is 100 KiB. */
export function BodyLimit(bytes: number): MethodDecorator {
  return RouteConfig({ bodyLimit: bytes });
}
