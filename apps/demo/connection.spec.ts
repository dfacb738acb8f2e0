import { Stowage } from '@stowage/sdk';
import { afterEach, describe, expect, it } from '@jest/globals';

import { Connection } from './connection.js';
import { Stop } from './stop.js';
import { answer, type FakeService, fakeService, type Handler } from './testing/fake-service.js';

describe('Connection', () => {
  let service: FakeService | undefined;
  let reports: string[] = [];

  const against = async (handler: Handler, patienceMs = 5_000): Promise<Connection> => {
    reports = [];
    service = await fakeService(handler);
    return new Connection(service.url, (message) => reports.push(message), patienceMs);
  };

  const read = async (connection: Connection): Promise<unknown> => new Stowage(connection.options).getMe();

  /** Answers the first requests by the handlers in turn, all others with their number. */
  const first = (...handlers: Handler[]): Handler => {
    let count = 0;
    return (request, response, body) => {
      const handler = handlers[count++];
      if (handler === undefined) answer(response, 200, { count });
      else handler(request, response, body);
    };
  };

  afterEach(async () => {
    await service?.close();
    service = undefined;
  });

  it('repeats requests while the service is away, and reports both ends of the outage', async () => {
    const connection = await against(
      first(
        (_request, response) => answer(response, 503, { code: 'REQUEST.UNAVAILABLE' }),
        (_request, response) => response.destroy(),
        (_request, response) => answer(response, 502, 'no gateway'),
      ),
    );
    await expect(read(connection)).resolves.toEqual({ count: 4 });
    expect(reports).toEqual([
      expect.stringContaining('trying again for up to 5 s'),
      expect.stringMatching(/^the service answers again, after \d/),
    ]);
    expect(connection.isAway).toBe(false);
  });

  it('ends the demo when the service is away for too long, and reports its health checks', async () => {
    const problem = { code: 'HEALTH.NOT_READY', checks: { database: 'up', migrations: 'pending' } };
    const connection = await against((_request, response) => answer(response, 503, problem), 300);
    const stop = await read(connection).catch((error: unknown) => error);
    expect(stop).toBeInstanceOf(Stop);
    expect(stop).toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('answers 503 (HEALTH.NOT_READY, database up, migrations pending)'),
    });
    expect(connection.isAway).toBe(true);
  });

  it('repeats a POST that does no harm twice when its answer was lost', async () => {
    const connection = await against(first((_request, response) => response.destroy()));
    const api = new Stowage(connection.options);
    const path = { organizationId: 'o', deploymentId: 'd' };
    await expect(connection.repeat(() => api.cancelDeployment({ path }))).resolves.toEqual({ count: 2 });
  });

  it('names the command that starts a service where nothing answers', async () => {
    const connection = await against(first());
    await service?.close();
    const stop = await connection.open().catch((error: unknown) => error);
    expect(stop).toMatchObject({ exitCode: 2, message: expect.stringMatching(/refuses connections.*npm start/s) });
  });

  it('refuses another service than Stowage', async () => {
    const connection = await against((_request, response) => answer(response, 404, {}));
    await expect(connection.open()).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('is not Stowage'),
    });
  });
});
