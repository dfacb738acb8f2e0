import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';

const compress = promisify(deflateRaw);
const decompress = promisify(inflateRaw);

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts stored answers: some contain a secret that is stored nowhere else, and access to the database alone must not reveal it. The
 * encryption key is derived from the installation's secret and the request's own key, which is not stored.
 */
export class AnswerSeal {
  constructor(private readonly secret: KeyObject) {}

  async seal(key: string, answer: unknown): Promise<Buffer> {
    const plain = await compress(Buffer.from(JSON.stringify(answer)), { level: 1 });
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.keyOf(key), nonce);
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** @returns undefined when the answer was encrypted under another secret */
  async open(key: string, sealed: Buffer): Promise<unknown> {
    const decipher = createDecipheriv(CIPHER, this.keyOf(key), sealed.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    let plain: Buffer;
    try {
      plain = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    } catch {
      return undefined;
    }
    return JSON.parse((await decompress(plain)).toString('utf8')) as unknown;
  }

  private keyOf(key: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.secret, key, 'stowage idempotent answer v1', 32));
  }
}
