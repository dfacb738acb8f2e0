import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';

import { describe, expect, it } from '@jest/globals';
import { fastify as createFastify, type FastifyRequest } from 'fastify';

import { passBodiesUnread } from './hooks.js';
import { closeAfterUnreadBodies } from './unread-body.js';

const BODY = Buffer.alloc(48 * 1024, ' ');

/** Sends the head of a request for 8 MiB with a part of its body, and reads the refusal. */
async function refuse(): Promise<{ readonly answer: string; readonly request: FastifyRequest }> {
  const server = createFastify();
  passBodiesUnread(server);
  closeAfterUnreadBodies(server);
  let seen: FastifyRequest | undefined;
  server.post('/', async (request, reply) => {
    seen = request;
    // The part of the body that was sent with the head has arrived.
    while (request.raw.readableLength === 0) await new Promise(setImmediate);
    return reply.code(401).send('no');
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  try {
    const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${8 * 1024 * 1024}\r\n\r\n`;
    socket.write(Buffer.concat([Buffer.from(head), BODY]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (seen === undefined) throw new Error('the request did not arrive');
    return { answer: answer.toString(), request: seen };
  } finally {
    socket.destroy();
    await server.close();
  }
}

describe('a refused request whose body has not arrived', () => {
  it('keeps none of the part of its body that has arrived', async () => {
    const { answer, request } = await refuse();
    expect(answer).toMatch(/^HTTP\/1.1 401 .*connection: close/is);
    const { readableBuffer: parts = [] } = request.raw as { readonly readableBuffer?: readonly Buffer[] };
    expect(request.raw.readableLength).toBeGreaterThan(0);
    expect(parts.length).toBeGreaterThan(0);
    expect(parts.map((part) => part.buffer.byteLength)).toEqual(parts.map(() => 0));
  });
});
