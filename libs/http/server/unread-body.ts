import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import type { FastifyInstance, FastifyRequest } from 'fastify';

/** The rest of a refused body up to which it is read and dropped: the connection then serves the next request. */
const DROPPED_BYTES = 16 * 1024;

/** How long a connection stays open for a client to read its refusal, without more being read from it. */
const LINGER_MS = 1_000;

/**
 * Closes the connection of a refused request whose body has not arrived. The body stays unread: only the end of the connection tells its
 * client to stop.
 */
export function closeAfterUnreadBodies(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    if (reply.statusCode >= 400 && hasUnreadBody(request)) {
      void reply.header('connection', 'close');
      // Node would read and drop the rest of a body that nothing has begun to read.
      request.raw.read(0);
      request.raw.pause();
      freeArrived(request.raw);
      linger(request.raw.socket);
    }
    done();
  });
}

function hasUnreadBody({ raw }: FastifyRequest): boolean {
  if (raw.complete) return false;
  const { 'content-length': length, 'transfer-encoding': encoding } = raw.headers;
  return encoding !== undefined || Number(length ?? 0) > DROPPED_BYTES;
}

/**
 * Frees the part of a body that arrived with its headers, up to 64 KiB: nothing reads it any more. The collector counts such memory late, so that
 * many refusals would take the memory of many bodies.
 */
function freeArrived(body: IncomingMessage): void {
  const { readableBuffer = [] } = body as { readonly readableBuffer?: readonly unknown[] };
  for (const part of readableBuffer) {
    const isOwn = part instanceof Uint8Array && part.buffer.byteLength === part.byteLength;
    if (isOwn && part.buffer instanceof ArrayBuffer) part.buffer.transfer(0);
  }
}

/** Ends a connection without a reset, which could overtake the answer: first our side of it, and all of it a moment later. */
function linger(socket: Socket): void {
  socket.destroySoon = () => {
    socket.pause();
    socket.end();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
}
