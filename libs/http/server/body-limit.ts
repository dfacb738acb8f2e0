import { RouteConfig } from '@nestjs/platform-fastify';

/** Lets a route take larger bodies than 100 KiB: for batches. In bytes, after decompression. */
export function BodyLimit(bytes: number): MethodDecorator {
  return RouteConfig({ bodyLimit: bytes });
}
