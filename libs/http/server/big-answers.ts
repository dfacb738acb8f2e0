import type { FastifyInstance } from 'fastify';

import { type Turns } from '../bodies/turns.js';
import { jsonInSteps } from '../json/json-in-steps.js';
import { RawBody } from '../json/raw-body.js';

/** Writes the answers to big bodies in slices: such an answer often lists as many items as the body. */
export function writeBigAnswersInSlices(fastify: FastifyInstance, turns: Turns): void {
  fastify.addHook('preSerialization', (request, reply, payload: unknown, done) => {
    const { body } = request;
    if (!(body instanceof RawBody) || !body.isBig || typeof payload !== 'object' || payload === null) {
      done(null, payload);
      return;
    }
    turns.run(body.account, jsonInSteps(payload)).then((text) => {
      reply.serializer(() => text);
      done(null, payload);
    }, done);
  });
}
