import type { FastifyInstance } from 'fastify';

import { TransportError, TransportErrors } from '../problems/request.errors.js';

/** Refuses a request that names two hosts: two servers could read it differently (RFC 9112, section 3.2). */
export function requireOneHost(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', ({ raw }, _reply, done) => {
    const { rawHeaders, url = '' } = raw;
    let hosts = 0;
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const name = rawHeaders[at];
      if (name?.length === 4 && name.toLowerCase() === 'host') hosts++;
    }
    if (hosts > 1) throw new TransportError(TransportErrors.BAD_REQUEST, 'The request has more than one Host header.');
    if (!url.startsWith('/') && URL.canParse(url) && !isHostOf(url, raw.headers.host)) {
      throw new TransportError(
        TransportErrors.BAD_REQUEST,
        'The request target names another host than the Host header.',
      );
    }
    done();
  });
}

function isHostOf(url: string, host = ''): boolean {
  const { protocol, host: named } = new URL(url);
  return URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === named;
}
