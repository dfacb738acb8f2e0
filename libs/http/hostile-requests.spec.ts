import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { type Answer, ask, type Call, refusal } from './testing/hostile.js';
import { type Log, testApp } from './testing/test-app.js';

let app: NestFastifyApplication;
let log: Log;

beforeAll(async () => {
  ({ app, log } = await testApp({ STOWAGE_CORS_ORIGINS: 'https://console.example' }));
  await app.listen(0, '127.0.0.1');
});

afterAll(() => app.close());

const call = (request: Call): Promise<Answer> => ask(app, request);

const GOOD = JSON.stringify({ name: 'blue', resources: { cpu: 1, memoryMib: 2 } });

describe('methods and headers', () => {
  it.each([
    ['PUT', '/v1/crates', 'GET, HEAD, POST, OPTIONS'],
    ['DELETE', '/v1/crates', 'GET, HEAD, POST, OPTIONS'],
    ['TRACE', '/v1/crates', 'GET, HEAD, POST, OPTIONS'],
    ['GET', '/v1/crates/batch', 'POST, OPTIONS'],
    ['HEAD', '/v1/crates/batch', 'POST, OPTIONS'],
    ['POST', '/openapi.json', 'GET, HEAD, OPTIONS'],
    ['POST', '/docs', 'GET, HEAD, OPTIONS'],
    ['POST', '/', 'GET, HEAD, OPTIONS'],
  ] as const)('answers %s %s with 405 and Allow', async (method, url, allow) => {
    const answer = await call({ method, url });
    expect(answer.headers['allow']).toBe(allow);
    expect(answer.status).toBe(405);
    if (method !== 'HEAD') {
      expect(refusal(answer)).toBe('405 REQUEST.METHOD_NOT_ALLOWED');
    }
  });

  it('answers OPTIONS with the methods of a path, and HEAD as GET without a body', async () => {
    const options = await call({ method: 'OPTIONS', url: '/v1/crates' });
    expect([options.status, options.headers['allow'], options.body]).toEqual([204, 'GET, HEAD, POST, OPTIONS', '']);
    const head = await call({ method: 'HEAD', url: '/v1/crates?limit=1' });
    const get = await call({ method: 'GET', url: '/v1/crates?limit=1' });
    expect([head.status, head.body, head.headers['content-length']]).toEqual([200, '', get.headers['content-length']]);
    expect(refusal(await call({ method: 'OPTIONS', url: '/nope' }))).toBe('404 REQUEST.NO_SUCH_ROUTE');
  });

  it('ignores headers that would override the method, the client or the tenant', async () => {
    const headers = {
      'x-http-method-override': 'DELETE',
      'x-tenant-id': 'x',
      'x-user-id': 'y',
      'x-forwarded-for': '1.2.3.4',
    };
    expect((await call({ method: 'GET', url: '/v1/crates', headers })).status).toBe(200);
    expect(log.at(-1)).toMatchObject({ ip: '127.0.0.1', method: 'GET' });
  });

  it('answers JSON for every Accept header', async () => {
    for (const accept of ['text/html', 'image/png', '*/*;q=0', 'garbage']) {
      const { status, headers } = await call({ method: 'GET', url: '/v1/crates', headers: { accept } });
      expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    }
  });

  it('allows calls from a browser to listed origins only', async () => {
    const preflight = (origin: string): Promise<Answer> =>
      call({ method: 'OPTIONS', url: '/v1/crates', headers: { origin, 'access-control-request-method': 'POST' } });
    const listed = await preflight('https://console.example');
    expect(listed.headers).toMatchObject({ 'access-control-allow-origin': 'https://console.example' });
    expect(listed.headers['access-control-allow-credentials']).toBeUndefined();
    for (const origin of [
      'https://evil.example',
      'null',
      'https://console.example.evil.example',
      'http://console.example',
    ]) {
      expect((await preflight(origin)).headers['access-control-allow-origin']).toBeUndefined();
    }
    const evil = await call({ method: 'GET', url: '/v1/crates', headers: { origin: 'https://evil.example' } });
    expect(evil.headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each(['short', 'a\nb12345678', 'x'.repeat(10_000), '${jndi:ldap://x}', 'spaces in it', 'ünïcödé-id'])(
    'replaces the request id %#',
    async (id) => {
      const { headers } = await call({ method: 'GET', url: '/v1/crates', headers: { 'x-request-id': id } });
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(log.at(-1)).toMatchObject({ requestId: headers['x-request-id'] });
    },
  );

  it('keeps a harmless request id', async () => {
    const answer = await call({ method: 'GET', url: '/nope', headers: { 'x-request-id': 'my-Request_1.x' } });
    expect(refusal(answer)).toBe('404 REQUEST.NO_SUCH_ROUTE');
    expect(answer.headers['x-request-id']).toBe('my-Request_1.x');
  });

  it('sends the security headers with every answer', async () => {
    for (const url of ['/v1/crates', '/nope', '/v1/crates/%zz', '/docs', '/openapi.json', '/v1/crates/abc']) {
      const { headers } = await call({ method: 'GET', url });
      expect(headers).toMatchObject({
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      });
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['x-powered-by']).toBeUndefined();
      expect(headers['server']).toBeUndefined();
    }
    expect((await call({ method: 'GET', url: '/v1/crates' })).headers['cache-control']).toBe('no-store');
  });
});

/** Sends bytes as they are and reads until the server closes, or `wait` ms after the first answer. */
async function raw(request: string | Buffer, wait = 200): Promise<string> {
  const { port } = app.getHttpServer().address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString();
    setTimeout(() => socket.destroy(), wait);
  });
  socket.on('error', () => undefined);
  socket.write(request);
  await once(socket, 'close');
  return answer;
}

/** The head of an answer read from a socket, with the refusal that its body holds. */
function rawRefusal(answer: string): string {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const headers: Record<string, string> = {};
  for (const each of lines) {
    const [name = '', value = ''] = each.split(': ');
    headers[name.toLowerCase()] = value;
  }
  return refusal({ status: Number(line.split(' ')[1]), headers, body });
}

describe('bytes on the wire', () => {
  it.each([
    ['no HTTP', 'HELLO\r\n\r\n', '400 REQUEST.MALFORMED'],
    [
      'length and chunks',
      'POST /v1/crates HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      '400 REQUEST.MALFORMED',
    ],
    [
      'two lengths',
      'POST /v1/crates HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
      '400 REQUEST.MALFORMED',
    ],
    [
      'a bare line feed in a header',
      'GET /v1/crates HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n',
      '400 REQUEST.MALFORMED',
    ],
    [
      '80 KB of headers',
      `GET /v1/crates HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(80_000)}\r\n\r\n`,
      '431 REQUEST.HEADERS_TOO_LARGE',
    ],
    [
      'a URL of 17 KB',
      `GET /v1/crates?${'a'.repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      '431 REQUEST.HEADERS_TOO_LARGE',
    ],
    [
      'an unknown expectation',
      'POST /v1/crates HTTP/1.1\r\nHost: x\r\nExpect: 999\r\nContent-Length: 2\r\n\r\n{}',
      '417 REQUEST.EXPECTATION_FAILED',
    ],
    [
      'an absolute form',
      'GET http://evil.example/v1/crates/abc HTTP/1.1\r\nHost: x\r\n\r\n',
      '400 REQUEST.INVALID crateId invalid-id',
    ],
    ['two hosts', 'GET /v1/crates HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n', '400 REQUEST.MALFORMED'],
    [
      'an absolute form of another host',
      'GET http://evil.example/v1/crates HTTP/1.1\r\nHost: x\r\n\r\n',
      '400 REQUEST.MALFORMED',
    ],
    [
      'an absolute form of another port',
      'GET http://x:8080/v1/crates HTTP/1.1\r\nHost: x\r\n\r\n',
      '400 REQUEST.MALFORMED',
    ],
    ['no path', 'GET * HTTP/1.1\r\nHost: x\r\n\r\n', '404 REQUEST.NO_SUCH_ROUTE'],
  ])('answers on the wire: %s', async (_what, request, expected) => {
    expect(rawRefusal(await raw(request))).toBe(expected);
  });

  it('refuses a request without Host, and closes the connection', async () => {
    expect(await raw('GET /v1/crates HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*Connection: close/i);
  });

  it.each(['http://x/v1/crates?limit=1', 'http://X:80/v1/crates?limit=1'])(
    'accepts the absolute form %s of the host',
    async (target) => {
      expect(await raw(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    },
  );

  it('asks for no body that is refused', async () => {
    const head = `POST /v1/crates HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 9000000\r\n\r\n`;
    expect(await raw(head)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('answers Expect: 100-continue with 100, then the request', async () => {
    const head = `POST /v1/crates HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${GOOD.length}\r\n\r\n`;
    expect(await raw(head + GOOD)).toMatch(/^HTTP\/1\.1 100 Continue[^]*HTTP\/1\.1 201 /);
  });
});
