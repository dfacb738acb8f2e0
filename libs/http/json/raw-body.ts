import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { AmbiguousJson, MalformedJson, parseStrictJson, parseStrictJsonInSteps } from '#kernel';

import { BIG_BODY_BYTES } from '../bodies/body-bytes.js';
import { type Admission, ANONYMOUS_BODY_BYTES, type BodyIntake, type BodyRequest } from '../bodies/body-intake.js';
import { collect } from '../bodies/collect.js';
import { RequestErrors, TransportError, TransportErrors } from '../problems/request.errors.js';

const unzip = promisify(gunzip);

/** A request's body, of which nothing is read before the guards have accepted the request. */
export class RawBody {
  private plain: Buffer | undefined;

  constructor(
    private readonly stream: Readable,
    /** The request; its principal is known when the body is read. */
    private readonly request: BodyRequest,
    /** The most bytes of the route, after decompression. */
    private readonly routeLimit: number,
  ) {}

  /** The digest of the body after decompression; of nothing when the body was never read. */
  digest(): Buffer {
    return createHash('sha256')
      .update(this.plain ?? '')
      .digest();
  }

  /** Whether the body was read, and is processed in slices. */
  get isBig(): boolean {
    return (this.plain?.length ?? 0) > BIG_BODY_BYTES;
  }

  /** The account whose turn it is to process the body. */
  get account(): string {
    return this.request.account ?? '';
  }

  /**
   * The body's JSON value; undefined when it is empty.
   *
   * @throws TransportError (media type, encoding, size, time), DomainError (not JSON, ambiguous JSON, too many bodies)
   */
  async read(intake: BodyIntake): Promise<unknown> {
    const { headers } = this.request.raw;
    const declared = Number(headers['content-length'] ?? Number.NaN);
    if (declared > this.limit) throw new TransportError(TransportErrors.TOO_LARGE);
    if (declared !== 0 || headers['content-type'] !== undefined) assertJson(headers['content-type']);
    const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
    if (encoding !== 'identity' && encoding !== 'gzip') {
      throw new TransportError(TransportErrors.UNSUPPORTED_MEDIA_TYPE, 'Content-Encoding must be gzip, or left out.');
    }
    const admission = intake.begin(this.request);
    try {
      const bytes = await this.collect(admission, declared);
      this.plain = encoding === 'gzip' ? await this.decompress(bytes, admission) : bytes;
    } finally {
      admission.leave();
    }
    if (this.isBig) return intake.turns.run(this.account, parseJsonInSteps(this.plain));
    return this.plain.length === 0 ? undefined : parseJson(this.plain);
  }

  private get limit(): number {
    const { account } = this.request;
    return account === undefined ? Math.min(this.routeLimit, ANONYMOUS_BODY_BYTES) : this.routeLimit;
  }

  private async collect({ lease, enter }: Admission, declared: number): Promise<Buffer> {
    const isKnownAsBig = declared > BIG_BODY_BYTES;
    if (isKnownAsBig) await enter();
    return collect(this.stream, {
      limit: this.limit,
      count: (bytes) => lease.add(bytes),
      whenBig: async () => (isKnownAsBig ? undefined : enter()),
    });
  }

  private async decompress(bytes: Buffer, { lease, enter }: Admission): Promise<Buffer> {
    let plain: Buffer;
    try {
      plain = await unzip(bytes, { maxOutputLength: this.limit });
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      const isTooLarge = code === 'ERR_BUFFER_TOO_LARGE';
      throw new TransportError(isTooLarge ? TransportErrors.TOO_LARGE : TransportErrors.BAD_ENCODING);
    }
    lease.add(plain.length);
    if (plain.length > BIG_BODY_BYTES && bytes.length <= BIG_BODY_BYTES) await enter();
    return plain;
  }
}

function assertJson(contentType: string | undefined): void {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (type !== 'application/json') {
    throw new TransportError(TransportErrors.UNSUPPORTED_MEDIA_TYPE, 'Content-Type must be application/json.');
  }
  if (charset !== undefined && !/^"?utf-?8"?$/.test(charset)) {
    throw new TransportError(TransportErrors.UNSUPPORTED_MEDIA_TYPE, 'The charset of JSON must be utf-8.');
  }
}

/**
 * Reads bytes as strict JSON. `line` is the line of the body at which they begin, for the position in an error.
 *
 * @throws DomainError (not UTF-8, not JSON, ambiguous JSON)
 */
export function parseJson(bytes: Buffer, line = 1): unknown {
  try {
    return parseStrictJson(textOf(bytes), line);
  } catch (error) {
    throw refusalOf(error);
  }
}

function* parseJsonInSteps(bytes: Buffer): Generator<undefined, unknown, undefined> {
  try {
    return yield* parseStrictJsonInSteps(textOf(bytes));
  } catch (error) {
    throw refusalOf(error);
  }
}

function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw RequestErrors.MALFORMED_JSON.because('The body is not valid UTF-8.');
  return bytes.toString('utf8');
}

function refusalOf(error: unknown): unknown {
  if (error instanceof MalformedJson) {
    return RequestErrors.MALFORMED_JSON.because(`The body is not valid JSON: ${error.message}.`);
  }
  return error instanceof AmbiguousJson ? RequestErrors.INVALID.because(undefined, {}, [error.field]) : error;
}
