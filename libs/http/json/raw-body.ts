import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { AmbiguousJson, MalformedJson, parseStrictJson } from '#kernel';

import { RequestErrors, TransportError, TransportErrors } from '../problems/request.errors.js';

const unzip = promisify(gunzip);

/** The bytes of a request's body as they arrived, with their content headers. Parsed only after the guards have accepted the request. */
export class RawBody {
  private plain: Buffer | undefined;

  constructor(
    private readonly bytes: Buffer,
    private readonly contentType: string | undefined,
    private readonly contentEncoding: string | undefined,
    /** The most bytes after decompression. */
    private readonly limit: number,
  ) {}

  /** The digest of the body after decompression; of the raw bytes when the body was never read. */
  digest(): Buffer {
    return createHash('sha256')
      .update(this.plain ?? this.bytes)
      .digest();
  }

  /**
   * The body's JSON value; undefined when it is empty.
   *
   * @throws TransportError (media type, encoding, size), DomainError (not JSON, ambiguous JSON)
   */
  read(): unknown {
    const encoding = this.contentEncoding?.trim().toLowerCase() ?? 'identity';
    if (this.bytes.length > 0 || this.contentType !== undefined) {
      assertJson(this.contentType);
    }
    if (encoding === 'identity') {
      return parseBody(this.bytes);
    }
    if (encoding !== 'gzip') {
      throw new TransportError(TransportErrors.UNSUPPORTED_MEDIA_TYPE, 'Content-Encoding must be gzip, or left out.');
    }
    return this.decompress().then((plain) => {
      this.plain = plain;
      return parseBody(plain);
    });
  }

  private async decompress(): Promise<Buffer> {
    try {
      return await unzip(this.bytes, { maxOutputLength: this.limit });
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      const isTooLarge = code === 'ERR_BUFFER_TOO_LARGE';
      throw new TransportError(isTooLarge ? TransportErrors.TOO_LARGE : TransportErrors.BAD_ENCODING);
    }
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

function parseBody(bytes: Buffer): unknown {
  return bytes.length === 0 ? undefined : parseJson(bytes);
}

/**
 * Reads bytes as strict JSON. `line` is the line of the body at which they begin, for the position in an error.
 *
 * @throws DomainError (not UTF-8, not JSON, ambiguous JSON)
 */
export function parseJson(bytes: Buffer, line = 1): unknown {
  if (!isUtf8(bytes)) {
    throw RequestErrors.MALFORMED_JSON.because('The body is not valid UTF-8.');
  }
  try {
    return parseStrictJson(bytes.toString('utf8'), line);
  } catch (error) {
    if (error instanceof MalformedJson) {
      throw RequestErrors.MALFORMED_JSON.because(`The body is not valid JSON: ${error.message}.`);
    }
    if (error instanceof AmbiguousJson) {
      throw RequestErrors.INVALID.because(undefined, {}, [error.field]);
    }
    throw error;
  }
}
