import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject, sign, verify } from 'node:crypto';

import ipaddr from 'ipaddr.js';

import { define, RefusedValue, type Undescribed } from './variable.js';

const DECIMAL = /^(0|[1-9][0-9]{0,15})$/;
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const KEY_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** A key that signs access tokens, kept as key objects, which no log or dump prints. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The proxies whose `X-Forwarded-For` is trusted: none (`false`), that many hops, or these addresses. */
export type TrustProxy = false | number | readonly string[];

/** A whole number, in decimal digits. */
export function integer(name: string, min: number, max: number, unit: string): Undescribed<number> {
  const range = `${min} to ${max}`;
  return define<number>({
    name,
    unit,
    range,
    parse: (text) => {
      const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
      if (!(value >= min && value <= max)) {
        throw new RefusedValue(`must be a whole number from ${range}`);
      }
      return value;
    },
  });
}

/** One of a few words. */
export function oneOf<const W extends string>(name: string, words: readonly W[]): Undescribed<W> {
  return define<W>({
    name,
    unit: 'word',
    range: words.join(', '),
    parse: (text) => {
      const word = words.find((candidate) => candidate === text);
      if (word === undefined) {
        throw new RefusedValue(`must be one of ${words.join(', ')}`);
      }
      return word;
    },
  });
}

/** Printable ASCII text without spaces. */
export function text(name: string, unit: string, maxLength: number): Undescribed<string> {
  return define<string>({
    name,
    unit,
    range: `1 to ${maxLength} characters`,
    parse: (value) => {
      if (value.length > maxLength || /[^\x21-\x7e]/.test(value)) {
        throw new RefusedValue(`must be 1 to ${maxLength} printable ASCII characters without spaces`);
      }
      return value;
    },
  });
}

/** A path in the file system, relative or absolute. */
export function path(name: string): Undescribed<string> {
  return define<string>({
    name,
    unit: 'path',
    range: '1 to 4096 characters',
    parse: (value) => {
      if (value.length > 4096 || /\p{Cc}/u.test(value)) {
        throw new RefusedValue('must be a path of at most 4096 characters without control characters');
      }
      return value;
    },
  });
}

/** A server's URL, which may contain a password: printed without user, password and query. */
export function serverUrl(name: string, protocols: readonly string[]): Undescribed<string> {
  return define<string>({
    name,
    unit: 'URL',
    range: protocols.map((protocol) => `${protocol}//...`).join(' or '),
    isSecret: true,
    parse: (value) => {
      if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol)) {
        throw new RefusedValue(`must be a URL that begins with ${protocols.join(' or ')}//`);
      }
      return value;
    },
    show: (value) => {
      const url = new URL(value);
      return `${url.protocol}//${url.username === '' ? '' : '***@'}${url.host}${url.pathname}`;
    },
  });
}

function originOf(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.origin !== value) {
    throw new RefusedValue('must be given as scheme://host[:port], without a path or a slash at the end');
  }
  return url.origin;
}

/** The origin of a web address. */
export function origin(name: string): Undescribed<string> {
  return define<string>({
    name,
    unit: 'origin',
    range: 'http(s)://host[:port]',
    parse: originOf,
  });
}

/** `none`, `*` for any, or origins separated by commas. */
export function origins(name: string): Undescribed<readonly string[]> {
  return define<readonly string[]>({
    name,
    unit: 'origins, separated by commas',
    range: 'none, http(s)://host[:port],..., or * (not in production)',
    parse: (value) => {
      if (value === 'none') {
        return [];
      }
      return value === '*' ? ['*'] : value.split(',').map((part) => originOf(part.trim()));
    },
    show: (value) => (value.length === 0 ? 'none' : value.join(',')),
  });
}

function isAddressRange(value: string): boolean {
  const [address = ''] = value.split('/');
  const { IPv4, IPv6 } = ipaddr;
  if (!IPv4.isValidFourPartDecimal(address) && !IPv6.isValid(address)) return false;
  return value === address || ipaddr.isValidCIDR(value);
}

/** `none`, a number of hops, or addresses and CIDR ranges separated by commas. */
export function trustedProxies(name: string): Undescribed<TrustProxy> {
  return define<TrustProxy>({
    name,
    unit: 'none, hops, or addresses separated by commas',
    range: 'none, 1 to 10, or IP addresses and CIDR ranges',
    parse: (value) => {
      if (value === 'none') {
        return false;
      }
      if (/^([1-9]|10)$/.test(value)) {
        return Number(value);
      }
      const ranges = value.split(',').map((part) => part.trim());
      if (!ranges.every(isAddressRange)) {
        throw new RefusedValue(
          'must be none, a number of hops from 1 to 10, or a list of IP addresses and CIDR ranges',
        );
      }
      return ranges;
    },
    show: (value) => (value === false ? 'none' : typeof value === 'number' ? String(value) : value.join(',')),
  });
}

/** Secret bytes in base64url, kept as a key object, which no log or dump prints. */
export function secretBytes(name: string, minBytes: number): Undescribed<KeyObject> {
  return define<KeyObject>({
    name,
    unit: 'base64url',
    range: `at least ${minBytes} random bytes`,
    isSecret: true,
    parse: (value) => {
      const bytes = Buffer.from(value, 'base64url');
      if (!BASE64URL.test(value) || bytes.length < minBytes) {
        throw new RefusedValue(`must be at least ${minBytes} bytes in base64url`);
      }
      // 32 random bytes have fewer than 16 distinct ones with a probability below 10^-16: this catches typed text.
      if (new Set(bytes).size < Math.min(16, minBytes / 2)) {
        throw new RefusedValue('must be random bytes, not a pattern');
      }
      return createSecretKey(bytes);
    },
    show: () => '***',
  });
}

/** A secret word that callers send as it is. */
export function secretText(name: string, minLength: number): Undescribed<string> {
  return define<string>({
    name,
    unit: 'text',
    range: `at least ${minLength} printable ASCII characters`,
    isSecret: true,
    parse: (value) => {
      if (value.length < minLength || /[^\x21-\x7e]/.test(value) || new Set(value).size < 8) {
        throw new RefusedValue(`must be at least ${minLength} random printable characters without spaces`);
      }
      return value;
    },
    show: () => '***',
  });
}

// The private key printed in RFC 7515, appendix A.3, which tutorials copy.
const PUBLISHED_KEYS: ReadonlySet<unknown> = new Set(['f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU']);

function signingKey(jwk: unknown): SigningKey {
  const members = (typeof jwk === 'object' && jwk !== null ? jwk : {}) as Readonly<Record<string, unknown>>;
  const { kty, crv, x, y, d, kid } = members;
  if (typeof kid !== 'string' || !KEY_ID.test(kid)) {
    throw new RefusedValue('must give every key a kid of 1 to 64 letters, digits, dots, dashes or underscores');
  }
  if (kty !== 'EC' || crv !== 'P-256' || ![x, y, d].every((part) => typeof part === 'string' && part.length === 43)) {
    throw new RefusedValue('must hold private EC keys on P-256 (kty, crv, x, y, d)');
  }
  if (PUBLISHED_KEYS.has(x)) {
    throw new RefusedValue('must not hold a key that was published as an example');
  }
  const probe = Buffer.from('stowage');
  try {
    const key = { kty: 'EC', crv: 'P-256', x: String(x), y: String(y) };
    const privateKey = createPrivateKey({ key: { ...key, d: String(d) }, format: 'jwk' });
    const publicKey = createPublicKey({ key, format: 'jwk' });
    if (verify('sha256', probe, publicKey, sign('sha256', probe, privateKey))) {
      return { kid, privateKey, publicKey };
    }
  } catch {
    // OpenSSL's message may quote the key; the error below does not.
  }
  throw new RefusedValue('must hold keys whose public and private parts belong together');
}

/** A JSON array of private EC P-256 JWKs: the first signs, all verify, so that keys can be rotated. */
export function signingKeys(name: string): Undescribed<readonly [SigningKey, ...SigningKey[]]> {
  return define<readonly [SigningKey, ...SigningKey[]]>({
    name,
    unit: 'JSON array of private JWKs',
    range: '1 to 10 EC keys on P-256, each with its own kid',
    isSecret: true,
    parse: (value) => {
      let parsed: unknown;
      try {
        parsed = JSON.parse(value);
      } catch {
        throw new RefusedValue('must be JSON');
      }
      const [first, ...others] = Array.isArray(parsed) && parsed.length <= 10 ? parsed.map(signingKey) : [];
      if (first === undefined) {
        throw new RefusedValue('must be a JSON array of 1 to 10 keys');
      }
      if (new Set([first, ...others].map((key) => key.kid)).size !== others.length + 1) {
        throw new RefusedValue('must not use a kid twice');
      }
      return [first, ...others];
    },
    show: (keys) => `*** (${keys.map((key) => key.kid).join(', ')})`,
  });
}
