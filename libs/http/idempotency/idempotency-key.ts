import { createHash } from 'node:crypto';

import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RawBody } from '../json/raw-body.js';
import { WaitPreference } from '../preferences/prefer-wait.js';
import { RequestErrors } from '../problems/request.errors.js';

/** The most characters of a key. */
export const MAX_KEY_LENGTH = 255;

/** Visible ASCII: anything else is a header that was put together by mistake, or two of them. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** A request that may come again under the same key. */
export class KeyedRequest {
  /**
   * @param key undefined where the client gave none
   * @param target what is asked for: the route, with the ids of its path
   */
  constructor(
    readonly key: string | undefined,
    readonly target: string,
    private readonly request: Pick<FastifyRequest, 'body' | 'headers'>,
    private readonly reply: Pick<FastifyReply, 'header'>,
    private readonly partDigest?: Buffer,
  ) {}

  /** One part of a request that is done part by part, each once. `digest` is that of the part. */
  part(number: number, digest: Buffer): KeyedRequest {
    return new KeyedRequest(this.key, `${this.target} part ${number}`, this.request, this.reply, digest);
  }

  /** A digest of the body. */
  digest(): Buffer {
    if (this.partDigest !== undefined) return this.partDigest;
    const { body } = this.request;
    return body instanceof RawBody ? body.digest() : createHash('sha256').digest();
  }

  /** How long the client would rather wait for an answer that says more, on routes that heed it (see `PreferWait`). */
  waitPreference(): WaitPreference {
    return WaitPreference.parse(this.request.headers['prefer'], this.reply);
  }

  /** Says in the answer that it was given before. */
  markReplayed(): void {
    void this.reply.header('idempotency-replayed', 'true');
  }
}

const Keyed = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const http = context.switchToHttp();
  const request = http.getRequest<FastifyRequest>();
  const key: unknown = request.headers['idempotency-key'];
  if (key !== undefined && (typeof key !== 'string' || !KEY.test(key))) {
    throw RequestErrors.INVALID.because('Idempotency-Key must be 1 to 255 visible ASCII characters, given once.', {}, [
      {
        pointer: 'Idempotency-Key',
        code: 'invalid-idempotency-key',
        message: `must be 1 to ${MAX_KEY_LENGTH} visible ASCII characters, given once`,
      },
    ]);
  }
  const target = `${request.method} ${request.routeOptions.url ?? ''} ${JSON.stringify(request.params)}`;
  return new KeyedRequest(key, target, request, http.getResponse<FastifyReply>());
});

/** Hands the request's `Idempotency-Key` to a route, for `Idempotency.once`, and documents the header with what it can lead to. */
export function IdempotencyKey(): ParameterDecorator {
  return (target, key, index) => {
    if (key === undefined) {
      throw new TypeError('@IdempotencyKey() belongs on a parameter of a method');
    }
    Keyed()(target, key, index);
    const descriptor = Object.getOwnPropertyDescriptor(target, key) ?? {};
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Makes it safe to send the request again: under the same key and with the same body it happens once, and the first answer is given again for 24 hours (`Idempotency-Replayed: true`), whether the first one arrived or not. A new UUID per request is a good key. It counts for you, this route and this path; a refused request leaves no trace. The same key with another body is 422; while the first request takes longer than two seconds, 409.',
      schema: {
        type: 'string',
        minLength: 1,
        maxLength: MAX_KEY_LENGTH,
        pattern: '^[!-~]+$',
        example: 'b7f0c1de-4d0a-4b8e-9a53-0f4f6f3a2d11',
      },
    })(target, key, descriptor);
  };
}
