import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import fc from 'fast-check';

import { newId } from '#kernel';

import { cases } from '../../test/support/cases.js';
import { type Answer, ask, type Call, refusal } from './testing/hostile.js';
import { testApp } from './testing/test-app.js';

let app: NestFastifyApplication;

beforeAll(async () => {
  ({ app } = await testApp({ STOWAGE_CORS_ORIGINS: 'https://console.example' }));
  await app.listen(0, '127.0.0.1');
});

afterAll(() => app.close());

const call = (request: Call): Promise<Answer> => ask(app, request);

const JSON_TYPE = 'application/json';
const GOOD = JSON.stringify({ name: 'blue', resources: { cpu: 1, memoryMib: 2 } });

const post = (payload: string | Buffer, headers: Record<string, string> = {}, url = '/v1/crates'): Promise<Answer> =>
  call({ method: 'POST', url, payload, headers: { 'content-type': JSON_TYPE, ...headers } });

const crateWith = (field: string): string => `{"name":"a","resources":{"cpu":1,"memoryMib":2},${field}}`;
const cpu = (text: string): string => `{"name":"a","resources":{"cpu":${text},"memoryMib":2}}`;

describe('bodies', () => {
  it.each<[string, string | Buffer, string]>([
    ['empty', '', '400 REQUEST.INVALID # required'],
    ['broken', '{"name":', '400 REQUEST.MALFORMED_JSON'],
    ['null', 'null', '400 REQUEST.INVALID # type'],
    ['a word', '"x"', '400 REQUEST.INVALID # type'],
    ['a number', '1', '400 REQUEST.INVALID # type'],
    ['a list', '[]', '400 REQUEST.INVALID # type'],
    ['a list of one', `[${GOOD}]`, '400 REQUEST.INVALID # type'],
    ['nested object missing', '{"name":"a"}', '400 REQUEST.INVALID #/resources required'],
    ['nested object null', '{"name":"a","resources":null}', '400 REQUEST.INVALID #/resources type'],
    ['nested object a list', '{"name":"a","resources":[]}', '400 REQUEST.INVALID #/resources type'],
    ['nested object in a list', '{"name":"a","resources":[{"cpu":1}]}', '400 REQUEST.INVALID #/resources type'],
    ['unknown field', crateWith('"orgId":"x"'), '400 REQUEST.INVALID #/orgId unknown-field'],
    ['__proto__', crateWith('"__proto__":{"a":1}'), '400 REQUEST.INVALID #/__proto__ unknown-field'],
    [
      'constructor.prototype',
      crateWith('"constructor":{"prototype":{}}'),
      '400 REQUEST.INVALID #/constructor unknown-field',
    ],
    ['constructor', crateWith('"constructor":"x"'), '400 REQUEST.INVALID #/constructor unknown-field'],
    ['duplicate keys', '{"name":"a","name":"b"}', '400 REQUEST.INVALID #/name duplicate-key'],
    ['20000 nested lists', '['.repeat(20_000) + ']'.repeat(20_000), '400 REQUEST.INVALID #/0 too-deep'],
    ['101 KiB', `"${'x'.repeat(101 * 1024)}"`, '413 REQUEST.TOO_LARGE'],
    ['10 MB', `{"name":"${'x'.repeat(10_000_000)}"}`, '413 REQUEST.TOO_LARGE'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), '400 REQUEST.MALFORMED_JSON'],
    ['byte order mark', `\ufeff${GOOD}`, '400 REQUEST.MALFORMED_JSON'],
    [
      '8000 keys',
      `{${Array.from({ length: 8000 }, (_, i) => `"k${i}":1`).join()}}`,
      '400 REQUEST.INVALID # too-many-keys',
    ],
    ['10000 items', crateWith(`"parts":[${'1,'.repeat(9999)}1]`), '400 REQUEST.INVALID #/parts too-many'],
    ['negative', cpu('-1'), '400 REQUEST.INVALID #/resources/cpu too-small'],
    ['all zero', '{"name":"a","resources":{"cpu":0,"memoryMib":0}}', '400 REQUEST.INVALID #/resources all-zero'],
    ['too fine', cpu('0.0001'), '400 REQUEST.INVALID #/resources/cpu too-many-decimals'],
    ['2^31', cpu('2147483648'), '400 REQUEST.INVALID #/resources/cpu too-large'],
    ['2^53+1', cpu('9007199254740993'), '400 REQUEST.INVALID #/resources/cpu not-exact'],
    ['1e400', cpu('1e400'), '400 REQUEST.INVALID #/resources/cpu not-exact'],
    ['NaN', cpu('NaN'), '400 REQUEST.MALFORMED_JSON'],
    ['Infinity', cpu('Infinity'), '400 REQUEST.MALFORMED_JSON'],
    ['text for a number', cpu('"1"'), '400 REQUEST.INVALID #/resources/cpu type'],
    ['true for a number', cpu('true'), '400 REQUEST.INVALID #/resources/cpu type'],
    ['text for a boolean', crateWith('"fragile":"false"'), '400 REQUEST.INVALID #/fragile type'],
    ['U+0000', crateWith('"note":"a\\u0000b"'), '400 REQUEST.INVALID #/note invalid-text'],
    ['half a surrogate pair', crateWith('"note":"\\ud800"'), '400 REQUEST.INVALID #/note invalid-text'],
    ['an operator for text', crateWith('"note":{"$ne":null}'), '400 REQUEST.INVALID #/note type'],
    ['an id that is none', crateWith('"ownerId":"x"'), '400 REQUEST.INVALID #/ownerId invalid-id'],
    [
      'a day that is none',
      crateWith('"dueAt":"2026-02-31T00:00:00Z"'),
      '400 REQUEST.INVALID #/dueAt invalid-timestamp',
    ],
    [
      '10000 labels',
      crateWith(`"labels":{${Array.from({ length: 199 }, (_, i) => `"k${i}":"1"`).join()}}`),
      '400 REQUEST.INVALID #/labels too-many',
    ],
  ])('answers the body: %s', async (_what, body, expected) => {
    expect(refusal(await post(body))).toBe(expected);
  });

  it('reads 1.0 as 1, -0 as 0, and text verbatim', async () => {
    const note = "<script>alert(1)</script> '; DROP TABLE users;-- é";
    const { status, body } = await post(
      `{"name":"a","resources":{"cpu":1.0,"memoryMib":2e0},"note":${JSON.stringify(note)}}`,
    );
    expect(status).toBe(201);
    expect(JSON.parse(body)).toMatchObject({ resources: { cpu: 1, memoryMib: 2 }, note });
    expect((await post('{"name":"a","resources":{"cpu":-0,"memoryMib":2}}')).body).toContain('"cpu":0');
  });

  it.each<[string, Record<string, string>, string]>([
    ['text/plain', { 'content-type': 'text/plain' }, '415 REQUEST.UNSUPPORTED_MEDIA_TYPE'],
    ['form', { 'content-type': 'application/x-www-form-urlencoded' }, '415 REQUEST.UNSUPPORTED_MEDIA_TYPE'],
    ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }, '415 REQUEST.UNSUPPORTED_MEDIA_TYPE'],
    ['no media type at all', { 'content-type': 'json' }, '415 REQUEST.UNSUPPORTED_MEDIA_TYPE'],
    ['a longer media type', { 'content-type': 'application/jsonp' }, '415 REQUEST.UNSUPPORTED_MEDIA_TYPE'],
    ['UTF-16', { 'content-type': 'application/json; charset=utf-16' }, '415 REQUEST.UNSUPPORTED_MEDIA_TYPE'],
    ['an unknown charset', { 'content-type': 'application/json; charset=foo' }, '415 REQUEST.UNSUPPORTED_MEDIA_TYPE'],
    ['an unknown encoding', { 'content-encoding': 'foo' }, '415 REQUEST.UNSUPPORTED_MEDIA_TYPE'],
    ['two encodings', { 'content-encoding': 'gzip, gzip' }, '415 REQUEST.UNSUPPORTED_MEDIA_TYPE'],
    ['broken gzip', { 'content-encoding': 'gzip' }, '400 REQUEST.BAD_ENCODING'],
  ])('refuses a body with %s', async (_what, headers, expected) => {
    expect(refusal(await post(GOOD, headers))).toBe(expected);
  });

  it('refuses a body without a media type', async () => {
    const answer = await call({ method: 'POST', url: '/v1/crates', payload: Buffer.from(GOOD), headers: {} });
    expect(refusal(answer)).toBe('415 REQUEST.UNSUPPORTED_MEDIA_TYPE');
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"', 'application/json;'])(
    'accepts a body with Content-Type %s',
    async (type) => {
      expect((await post(GOOD, { 'content-type': type })).status).toBe(201);
    },
  );

  it('accepts a compressed body up to the limit', async () => {
    expect((await post(gzipSync(GOOD), { 'content-encoding': 'gzip' })).status).toBe(201);
    const bomb = gzipSync(Buffer.alloc(20_000_000, 0x20));
    expect(bomb.length).toBeLessThan(20_000);
    const before = process.memoryUsage().rss;
    expect(refusal(await post(bomb, { 'content-encoding': 'gzip' }))).toBe('413 REQUEST.TOO_LARGE');
    expect(process.memoryUsage().rss - before).toBeLessThan(15_000_000);
  });

  it('accepts at most 16 KiB of a request without a principal, also compressed', async () => {
    const large = crateWith(`"note":"${'x'.repeat(17 * 1024)}"`);
    const anonymous = { 'x-anonymous': '1' };
    expect((await post(GOOD, anonymous)).status).toBe(201);
    expect(refusal(await post(large))).toBe('400 REQUEST.INVALID #/note too-long');
    expect(refusal(await post(large, anonymous))).toBe('413 REQUEST.TOO_LARGE');
    expect(refusal(await post(large, anonymous, '/v1/crates/batch'))).toBe('413 REQUEST.TOO_LARGE');
    expect(refusal(await post(gzipSync(large), { ...anonymous, 'content-encoding': 'gzip' }))).toBe(
      '413 REQUEST.TOO_LARGE',
    );
  });

  it('accepts a larger body where the route has a larger limit', async () => {
    const large = crateWith(`"note":"${'x'.repeat(200 * 1024)}"`);
    expect(refusal(await post(large, {}, '/v1/crates/batch'))).toBe('400 REQUEST.INVALID #/note too-long');
    expect(refusal(await post(large))).toBe('413 REQUEST.TOO_LARGE');
    expect(refusal(await post('x'.repeat(2_000_000), {}, '/v1/crates/batch'))).toBe('413 REQUEST.TOO_LARGE');
    expect(refusal(await post(gzipSync(large), { 'content-encoding': 'gzip' }, '/v1/crates/batch'))).toBe(
      '400 REQUEST.INVALID #/note too-long',
    );
  });

  it('accepts {} or nothing where a route takes no body', async () => {
    const url = `/v1/crates/${newId()}/open`;
    expect((await call({ method: 'POST', url })).status).toBe(200);
    expect((await post('{}', {}, url)).status).toBe(200);
    expect((await post('', {}, url)).status).toBe(200);
    expect(refusal(await post('{"force":true}', {}, url))).toBe('400 REQUEST.INVALID #/force unknown-field');
    expect(refusal(await post('[]', {}, url))).toBe('400 REQUEST.INVALID # type');
    expect(refusal(await post('x', { 'content-type': 'text/plain' }, url))).toBe('415 REQUEST.UNSUPPORTED_MEDIA_TYPE');
  });
});

describe('paths and queries', () => {
  it.each(
    [
      ['/v1/crates/abc', '400 REQUEST.INVALID crateId invalid-id'],
      ['/v1/crates/%00', '400 REQUEST.INVALID crateId invalid-id'],
      ['/v1/crates/..%2f..%2fetc', '400 REQUEST.INVALID crateId invalid-id'],
      ['/v1/crates/%zz', '400 REQUEST.MALFORMED'],
      ['/v1/crates/%c0%af', '400 REQUEST.MALFORMED'],
      [`/v1/crates/${'a'.repeat(5000)}`, '414 REQUEST.URL_TOO_LONG'],
      ['/v1/crates?limit=0', '400 REQUEST.INVALID limit too-small'],
      ['/v1/crates?limit=-1', '400 REQUEST.INVALID limit too-small'],
      ['/v1/crates?limit=101', '400 REQUEST.INVALID limit too-large'],
      ['/v1/crates?limit=abc', '400 REQUEST.INVALID limit type'],
      ['/v1/crates?limit=', '400 REQUEST.INVALID limit type'],
      ['/v1/crates?limit', '400 REQUEST.INVALID limit type'],
      ['/v1/crates?limit=1e2', '400 REQUEST.INVALID limit type'],
      ['/v1/crates?limit=0x10', '400 REQUEST.INVALID limit type'],
      ['/v1/crates?limit=1&limit=2', '400 REQUEST.INVALID limit repeated-parameter'],
      ['/v1/crates?limit[]=5', '400 REQUEST.INVALID limit[] unknown-parameter'],
      ['/v1/crates?limit[a]=1', '400 REQUEST.INVALID limit[a] unknown-parameter'],
      ['/v1/crates?__proto__[x]=1', '400 REQUEST.INVALID __proto__[x] unknown-parameter'],
      ['/v1/crates?__proto__=1', '400 REQUEST.INVALID __proto__ unknown-parameter'],
      ['/v1/crates?toString=1', '400 REQUEST.INVALID toString unknown-parameter'],
      ['/v1/crates?nope=1', '400 REQUEST.INVALID nope unknown-parameter'],
      ['/v1/crates?sort=name;drop', '400 REQUEST.INVALID sort unknown-parameter'],
      ['/v1/crates?urgency=low,(select%201)', '400 REQUEST.INVALID urgency one-of'],
      ['/v1/crates?urgency=low&urgency=nope', '400 REQUEST.INVALID urgency one-of'],
      ['/v1/crates?urgency=low,high&urgency=low', '400 REQUEST.INVALID urgency too-many'],
      ['/v1/crates?urgency[]=low&urgency[]=high', '400 REQUEST.INVALID urgency[] repeated-parameter'],
      ['/v1/crates?nope=1&nope=2', '400 REQUEST.INVALID nope repeated-parameter'],
      ['/v1/crates?cursor=random', '400 REQUEST.INVALID_CURSOR'],
      [
        `/v1/crates?${Array.from({ length: 1001 }, (_, i) => `p${i}=1`).join('&')}`,
        '400 REQUEST.INVALID p0 unknown-parameter',
      ],
      [`/v1/crates/${newId()}?x=1`, '400 REQUEST.INVALID x unknown-parameter'],
      ['/problems?x=1', '400 REQUEST.INVALID x unknown-parameter'],
      ['/problems/NO.SUCH', '404 REQUEST.NO_SUCH_ROUTE'],
      ['/V1/Crates', '404 REQUEST.NO_SUCH_ROUTE'],
      ['/v1/crates/', '404 REQUEST.NO_SUCH_ROUTE'],
      ['//v1/crates', '404 REQUEST.NO_SUCH_ROUTE'],
      ['/v1//crates', '404 REQUEST.NO_SUCH_ROUTE'],
      ['/crates', '404 REQUEST.NO_SUCH_ROUTE'],
      ['//', '404 REQUEST.NO_SUCH_ROUTE'],
      ['/docs/assets/../../package.json', '404 REQUEST.NO_SUCH_ROUTE'],
      ['/docs/assets/%2e%2e/package.json', '404 REQUEST.NO_SUCH_ROUTE'],
    ].map(([url = '', expected]) => [url.slice(0, 70), expected, url]),
  )('answers GET %s with %s', async (_title, expected, url = '') => {
    expect(refusal(await call({ method: 'GET', url }))).toBe(expected);
  });

  it('reads an id in either case', async () => {
    const id = newId();
    const { status, body } = await call({ method: 'GET', url: `/v1/crates/${id.toUpperCase()}` });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ item: id });
    expect((await call({ method: 'GET', url: '/v1/crates/00000000-0000-0000-0000-000000000000' })).status).toBe(200);
  });
});

describe('a random request', () => {
  const url = fc.oneof(
    fc.webPath().map((path) => `/${path}`),
    fc.constantFrom('/v1/crates', '/v1/crates/batch', '/v1/crates?limit=5', '/problems', `/v1/crates/${newId()}/open`),
    fc.string().map((text) => `/v1/crates/${encodeURIComponent(text.toWellFormed())}`),
    fc.webQueryParameters().map((query) => `/v1/crates?${query}`),
  );
  const payload = fc.oneof(
    fc.json(),
    fc.string(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.record({ name: fc.anything(), resources: fc.anything(), labels: fc.anything() }).map((value) => {
      try {
        return JSON.stringify(value);
      } catch {
        return '{';
      }
    }),
  );
  const headers = fc.record({
    'content-type': fc.constantFrom('application/json', 'text/plain', 'application/json; charset=latin1', ';;', '*'),
    'content-encoding': fc.constantFrom('identity', 'gzip', 'br', ''),
    'x-request-id': fc.constantFrom('12345678', 'x', ''),
  });
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS');

  it('answers every random request with success or a problem of the client', async () => {
    await fc.assert(
      fc.asyncProperty(method, url, headers, payload, async (verb, path, head, body) => {
        const hasBody = !['GET', 'HEAD'].includes(verb);
        const answer = await call({
          method: verb,
          url: path,
          headers: head,
          ...(hasBody ? { payload: body } : {}),
        });
        expect(answer.status).toBeLessThan(500);
        if (answer.status >= 400 && verb !== 'HEAD') {
          refusal(answer);
        }
      }),
      { numRuns: cases(500) },
    );
  });
});
