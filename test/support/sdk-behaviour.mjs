// Run by node beside the installed SDK: what it does by itself, against an API that is only pretended.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const { BEGINNING, everyItem, ProblemError, Stowage } = await import(
  pathToFileURL(join(process.argv[2], 'node_modules/@stowage/sdk/dist/index.js')).href
);

const path = { organizationId: 'o', clusterId: 'c' };
const problem = (status, code) => ({
  status,
  code,
  type: `/problems/${code}`,
  title: code,
  detail: 'No.',
  requestId: 'request-1',
});
const json = (status, body, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

/** An SDK whose requests are answered by these, one after the other; what was sent is kept. */
function pretend(answers, options = {}) {
  const sent = [];
  const fetch = async (input, init) => {
    const request = new Request(input, init);
    sent.push({ method: request.method, url: request.url, headers: request.headers, body: await request.text() });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer(sent.at(-1));
  };
  return { sent, stowage: new Stowage({ baseUrl: 'http://api/', token: 't', retryDelayMs: 1, fetch, ...options }) };
}
const cut = () => {
  throw new TypeError('fetch failed');
};
const deployment = { image: 'app', resources: { cpu: 1, memoryMib: 1 } };

test('what creates something is sent again under the same key', async () => {
  const { sent, stowage } = pretend([
    cut,
    () => json(503, problem(503, 'REQUEST.UNAVAILABLE')),
    () => json(201, { id: 'd' }),
  ]);
  assert.deepEqual(await stowage.submitDeployment({ path, body: deployment }), { id: 'd' });
  const keys = sent.map(({ headers }) => headers.get('idempotency-key'));
  assert.match(keys[0], /^[0-9a-f-]{36}$/);
  assert.deepEqual(keys, [keys[0], keys[0], keys[0]]);
  assert.deepEqual(
    sent.map(({ body }) => JSON.parse(body)),
    [deployment, deployment, deployment],
  );
});

test('lines are sent and returned as texts, under a key', async () => {
  const lines = `${JSON.stringify(deployment)}\n${JSON.stringify(deployment)}\n`;
  const answer = '{"index":0,"id":"d"}\n{"summary":{}}\n';
  const { sent, stowage } = pretend([
    () => new Response(answer, { status: 201, headers: { 'content-type': 'application/x-ndjson' } }),
  ]);
  assert.equal(await stowage.submitDeploymentLines({ path, body: lines }), answer);
  assert.equal(sent[0].body, lines);
  assert.equal(sent[0].headers.get('content-type'), 'application/x-ndjson');
  assert.match(sent[0].headers.get('idempotency-key'), /^[0-9a-f-]{36}$/);
});

test('a key of the caller is kept', async () => {
  const { sent, stowage } = pretend([() => json(201, { id: 'd' })]);
  await stowage.submitDeployment({ path, body: deployment, headers: { 'Idempotency-Key': 'mine' } });
  assert.equal(sent[0].headers.get('idempotency-key'), 'mine');
});

test('what could happen twice is not sent twice', async () => {
  const { sent, stowage } = pretend([cut]);
  const path = { organizationId: 'o', deploymentId: 'd' };
  await assert.rejects(stowage.cancelDeployment({ path }), TypeError);
  assert.equal(sent.length, 1);
  const away = pretend([() => json(503, problem(503, 'REQUEST.UNAVAILABLE'))]);
  await assert.rejects(away.stowage.loginUser({ body: { username: 'a', password: 'b' } }), ProblemError);
  assert.equal(away.sent.length, 1);
});

test('a limit is waited for, whatever was asked', async () => {
  const { sent, stowage } = pretend([
    () => json(429, problem(429, 'REQUEST.TOO_MANY'), { 'retry-after': '0' }),
    () => json(200, { accessToken: 'a', refreshToken: 'r' }),
  ]);
  await stowage.loginUser({ body: { username: 'a', password: 'b' } });
  assert.equal(sent.length, 2);
});

test('patience ends, with the refusal as an error of its own', async () => {
  const { sent, stowage } = pretend([() => json(503, { ...problem(503, 'REQUEST.UNAVAILABLE'), fact: 7 })], {
    retries: 2,
  });
  const error = await stowage.listClusters({ path }).catch((thrown) => thrown);
  assert.ok(error instanceof ProblemError);
  assert.deepEqual([error.status, error.code, error.requestId], [503, 'REQUEST.UNAVAILABLE', 'request-1']);
  assert.equal(error.problem.fact, 7);
  assert.equal(sent.length, 3);
});

test('a session is renewed once for all requests that find it expired', async () => {
  const kept = [];
  const answer = ({ url, headers, body }) => {
    if (url.endsWith('/v1/auth/refresh')) {
      assert.deepEqual(JSON.parse(body), { refreshToken: 'r1' });
      return json(200, { accessToken: 'a2', refreshToken: 'r2' });
    }
    const isGood = headers.get('authorization') === 'Bearer a2';
    return isGood ? json(200, { items: [], nextCursor: null }) : json(401, problem(401, 'AUTH.UNAUTHENTICATED'));
  };
  const tokens = { accessToken: 'a1', refreshToken: 'r1' };
  const { sent, stowage } = pretend([answer], { token: undefined, tokens, onTokens: (pair) => kept.push(pair) });
  await Promise.all([1, 2, 3, 4].map(() => stowage.listClusters({ path })));
  assert.equal(sent.filter(({ url }) => url.endsWith('/refresh')).length, 1);
  assert.deepEqual(kept, [{ accessToken: 'a2', refreshToken: 'r2' }]);
});

test('a session that cannot be renewed says so', async () => {
  const answer = () => json(401, problem(401, 'AUTH.REFRESH_TOKEN_INVALID'));
  const { stowage } = pretend([answer], { token: undefined, tokens: { accessToken: 'a', refreshToken: 'r' } });
  await assert.rejects(stowage.listClusters({ path }), { code: 'AUTH.REFRESH_TOKEN_INVALID' });
});

test('pages are asked for as they are needed', async () => {
  const { sent, stowage } = pretend([
    () => json(200, { items: [1, 2], nextCursor: 'next' }),
    () => json(200, { items: [3], nextCursor: null }),
  ]);
  const items = [];
  for await (const item of everyItem((query) => stowage.listClusters({ path, query }))) items.push([item, sent.length]);
  assert.deepEqual(items, [
    [1, 1],
    [2, 1],
    [3, 2],
  ]);
  assert.equal(new URL(sent[1].url).searchParams.get('cursor'), 'next');
});

test('events go on after the last one when the connection ends', async () => {
  const stream = (text) => () => new Response(text, { headers: { 'content-type': 'text/event-stream' } });
  const event = (id) => `id: ${id}\ndata: {"id":"${id}"}\n\n`;
  const { sent, stowage } = pretend(
    [
      stream(`: hello\nid: 1-0\n\n${event('1-1')}id: 1-2\nda`),
      cut,
      stream(`${event('1-2')}id: 1-5\n: nothing for you up to here\n\n`),
      stream(event('1-6')),
    ],
    { retries: 0 },
  );
  const seen = [];
  for await (const { id } of stowage.follow('o', { lastEventId: BEGINNING, status: ['queued', 'scheduled'] })) {
    seen.push(id);
    if (id === '1-6') break;
  }
  assert.deepEqual(seen, ['1-1', '1-2', '1-6']);
  assert.deepEqual(
    sent.map(({ headers }) => headers.get('last-event-id')),
    ['0-0', '1-1', '1-1', '1-5'],
  );
  assert.equal(new URL(sent[0].url).searchParams.get('status'), 'queued,scheduled');
});

test('events end by the signal, and by a refusal', async () => {
  const refused = pretend([() => json(410, problem(410, 'EVENTS.EXPIRED'))]);
  await assert.rejects(refused.stowage.follow('o').next(), { code: 'EVENTS.EXPIRED' });
  const { stowage } = pretend([() => new Response('', { headers: { 'content-type': 'text/event-stream' } })]);
  const signal = AbortSignal.timeout(20);
  await assert.rejects(stowage.follow('o', { signal }).next(), { name: 'TimeoutError' });
});

/** A server whose event stream stays open and silent, and whose other answers are empty pages. */
async function silentServer() {
  const server = createServer((request, response) => {
    const isStream = request.headers.accept === 'text/event-stream';
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
    if (isStream) response.write(': open\n\n');
    else response.end('{"items":[],"nextCursor":null}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => (server.closeAllConnections(), server.close()),
  };
}

test(
  'ends a stream within 100 ms of an abort, after other requests and collections of garbage',
  { timeout: 10_000 },
  async () => {
    const server = await silentServer();
    try {
      const stowage = new Stowage({ baseUrl: server.url, token: 't' });
      const controller = new AbortController();
      const ended = stowage.follow('o', { signal: controller.signal }).next();
      ended.catch(() => undefined);
      for (let i = 0; i < 200; i++) {
        await stowage.listClusters({ path });
        if (i % 20 === 0) globalThis.gc();
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
      globalThis.gc();
      const began = performance.now();
      controller.abort(new Error('enough'));
      await assert.rejects(ended, { message: 'enough' });
      assert.ok(performance.now() - began < 100, `took ${performance.now() - began} ms`);
    } finally {
      server.close();
    }
  },
);

test(
  'ends a request that is not answered when its signal is aborted, after collections of garbage',
  { timeout: 10_000 },
  async () => {
    const server = createServer(() => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const stowage = new Stowage({ baseUrl: `http://127.0.0.1:${server.address().port}/`, token: 't' });
      const controller = new AbortController();
      const ended = stowage.listClusters({ path, signal: controller.signal });
      ended.catch(() => undefined);
      for (let i = 0; i < 10; i++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        globalThis.gc();
      }
      const began = performance.now();
      controller.abort(new Error('enough'));
      await assert.rejects(ended, { message: 'enough' });
      assert.ok(performance.now() - began < 100, `took ${performance.now() - began} ms`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
);
