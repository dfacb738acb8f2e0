import { createHash } from 'node:crypto';

import type { FastifyReply, FastifyRequest } from 'fastify';

import { headerParameter } from '../fields/documented-parameter.js';
import { invalidInput } from '../fields/invalid-input.js';
import { RawBody } from '../json/raw-body.js';
import { WaitPreference } from '../preferences/prefer-wait.js';

const MAX_KEY_LENGTH = 255;

/** Visible ASCII. Two headers arrive as one with a comma and a space. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** A request that may be repeated under the same key. */
export class KeyedRequest {
  /**
   * @param key undefined where the client sent none
   * @param target the route, with the ids of its path
   */
  constructor(
    readonly key: string | undefined,
    readonly target: string,
    private readonly request: Pick<FastifyRequest, 'body' | 'headers'>,
    private readonly reply: Pick<FastifyReply, 'header'>,
    private readonly partDigest?: Buffer,
  ) {}

  /** One part of a request whose parts are done one by one, each once. `digest` is that of the part. */
  part(number: number, digest: Buffer): KeyedRequest {
    return new KeyedRequest(this.key, `${this.target} part ${number}`, this.request, this.reply, digest);
  }

  /** A digest of the body. */
  digest(): Buffer {
    if (this.partDigest !== undefined) return this.partDigest;
    const { body } = this.request;
    return body instanceof RawBody ? body.digest() : createHash('sha256').digest();
  }

  /** How long the client prefers to wait, on routes that support `Prefer: wait` (see `PreferWait`). */
  waitPreference(): WaitPreference {
    return WaitPreference.parse(this.request.headers['prefer'], this.reply);
  }

  /** Marks the answer as a stored one. */
  markReplayed(): void {
    void this.reply.header('idempotency-replayed', 'true');
  }
}

/** Passes the request's `Idempotency-Key` to a route, for `Idempotency.once`, and documents the header. */
export function IdempotencyKey(): ParameterDecorator {
  return headerParameter(
    {
      name: 'Idempotency-Key',
      description:
        'Makes it safe to send the request again: under the same key and with the same body it happens once, and the first answer is repeated for 24 hours (`Idempotency-Replayed: true`). A new UUID per request is a good key. A key counts for one user, route and path; a refused request stores nothing. The same key with another body is answered 422; while the first request takes longer than two seconds, 409.',
      schema: {
        type: 'string',
        minLength: 1,
        maxLength: MAX_KEY_LENGTH,
        pattern: '^[!-~]+$',
        example: 'b7f0c1de-4d0a-4b8e-9a53-0f4f6f3a2d11',
      },
    },
    keyedRequestOf,
  );
}

function keyedRequestOf(request: FastifyRequest, reply: FastifyReply): KeyedRequest {
  const key: unknown = request.headers['idempotency-key'];
  if (key !== undefined && (typeof key !== 'string' || !KEY.test(key))) {
    const message = `must be 1 to ${MAX_KEY_LENGTH} visible ASCII characters, given once`;
    throw invalidInput([{ pointer: 'Idempotency-Key', code: 'invalid-idempotency-key', message }]);
  }
  const target = `${request.method} ${request.routeOptions.url ?? ''} ${JSON.stringify(request.params)}`;
  return new KeyedRequest(key, target, request, reply);
}
