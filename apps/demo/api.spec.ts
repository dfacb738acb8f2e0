import { afterEach, describe, expect, it } from '@jest/globals';

import { Api, type Call, Refusal, retryAfterMs } from './api.js';
import { Person } from './person.js';
import { Stop } from './stop.js';
import { answer, type FakeService, fakeService, type Handler } from './testing/fake-service.js';

const READ: Call<{ ok: boolean }> = { method: 'GET', path: '/thing', whenUnsure: 'again' };

describe('the client of the API', () => {
  let service: FakeService | undefined;
  let notices: string[] = [];

  const against = async (handler: Handler, patienceMs = 5_000): Promise<Api> => {
    notices = [];
    service = await fakeService(handler);
    return new Api(service.url, (notice) => notices.push(notice), patienceMs);
  };

  /** Answers the first requests by the handlers in turn, all others with what is asked for. */
  const first = (...handlers: Handler[]): Handler => {
    let count = 0;
    return (request, response, body) => {
      const handler = handlers[count++];
      if (handler === undefined) answer(response, 200, { ok: true, count });
      else handler(request, response, body);
    };
  };

  afterEach(async () => {
    await service?.close();
    service = undefined;
  });

  it('tries again when the service is away for the moment, and after a lost connection', async () => {
    const api = await against(
      first(
        (_request, response) => answer(response, 503, { code: 'REQUEST.UNAVAILABLE' }),
        (_request, response) => response.destroy(),
        (_request, response) => answer(response, 502, 'no gateway'),
      ),
    );
    await expect(api.call(READ)).resolves.toMatchObject({ ok: true, count: 4 });
    expect(notices).toEqual([
      expect.stringContaining('trying again for up to 5 s'),
      expect.stringMatching(/^the service answers again, after \d/),
    ]);
    expect(api.isAway).toBe(false);
  });

  it('waits as long as it is asked to', async () => {
    const api = await against(
      first((_request, response) => answer(response, 429, { code: 'REQUEST.TOO_MANY' }, { 'retry-after': '1' })),
    );
    const began = performance.now();
    await api.call(READ);
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
  });

  it('understands both forms of Retry-After', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterMs('7', now)).toBe(7_000);
    expect(retryAfterMs('Thu, 01 Jan 2026 00:00:05 GMT', now)).toBe(5_000);
    expect(retryAfterMs('Wed, 31 Dec 2025 00:00:05 GMT', now)).toBe(0);
    expect(retryAfterMs('soon', now)).toBe(0);
    expect(retryAfterMs(null, now)).toBe(0);
  });

  it('gives up when its patience ends, and says what the service lacks', async () => {
    const problem = { code: 'HEALTH.NOT_READY', checks: { database: 'up', migrations: 'pending' } };
    const api = await against((_request, response) => answer(response, 503, problem), 300);
    const stop = await api.call(READ).catch((error: unknown) => error);
    expect(stop).toBeInstanceOf(Stop);
    expect(stop).toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('answers 503 (HEALTH.NOT_READY: database up, migrations pending)'),
    });
    expect(api.isAway).toBe(true);
  });

  it('looks before it repeats what must not happen twice', async () => {
    let posts = 0;
    const api = await against((_request, response) => {
      posts++;
      response.destroy();
    });
    let looks = 0;
    const found = await api.call({
      method: 'POST',
      path: '/thing',
      body: {},
      whenUnsure: () => Promise.resolve(++looks === 2 ? 'found' : undefined),
    });
    expect({ found, posts, looks }).toEqual({ found: 'found', posts: 2, looks: 2 });
  });

  it('does not repeat what was refused, and says why', async () => {
    const problem = {
      code: 'REQUEST.INVALID',
      detail: 'Not so.',
      errors: [{ pointer: '#/name', message: 'is too long' }],
    };
    const api = await against((_request, response) => answer(response, 400, problem));
    const refusal = await api.call(READ).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({
      status: 400,
      message: 'GET /thing was answered by 400 (REQUEST.INVALID): Not so.\n  #/name is too long',
    });
  });

  it('says how to start a service where there is none', async () => {
    const api = await against(first());
    await service?.close();
    const stop = await api.connect().catch((error: unknown) => error);
    expect(stop).toMatchObject({ exitCode: 2, message: expect.stringContaining('npm start') });
  });

  it('says when something else answers', async () => {
    const api = await against((_request, response) => answer(response, 404, {}));
    await expect(api.connect()).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('not Stowage') });
  });

  it('signs people in anew when their token has expired, once for all of their requests', async () => {
    const tokens = (accessToken: string) => ({ accessToken, refreshToken: `after ${accessToken}`, user: { id: 'me' } });
    let refreshes = 0;
    const api = await against((request, response, body) => {
      if (request.url === '/v1/auth/refresh') {
        refreshes++;
        expect(JSON.parse(body)).toEqual({ refreshToken: 'after old' });
        answer(response, 200, tokens('new'));
      } else if (request.headers.authorization === 'Bearer new') answer(response, 200, { ok: true });
      else answer(response, 401, { code: 'REQUEST.UNAUTHENTICATED' });
    });
    const person = new Person(api, 'ada', 'secret', 'viewer', tokens('old'));
    await expect(Promise.all([person.get('/a'), person.get('/b'), person.get('/c')])).resolves.toHaveLength(3);
    expect(refreshes).toBe(1);
  });
});
