import { request } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Logger,
  Module,
  Param,
  Post,
  Sse,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { interval, map, type Observable } from 'rxjs';

import {
  ApiRoute,
  createHttpApp,
  createLogger,
  currentRequest,
  HTTP_LIMITS,
  IdParam,
  logWithRequest,
  NestLogger,
  RequestErrors,
} from '#http';
import { newId } from '#kernel';

import { type Log, testSettings } from '../testing/test-app.js';

class NobodyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getHandler().name !== 'guarded') {
      return true;
    }
    throw RequestErrors.UNAUTHENTICATED.because();
  }
}

const route = (id: string): MethodDecorator =>
  ApiRoute({ id, tag: 'x', summary: id, result: id, description: id, access: 'public', mediaType: 'text/plain' });

const gates: (() => void)[] = [];

/** What the requests of `watched` were told of their connections. */
const closings: AbortSignal[] = [];

@Controller()
class ProbeController {
  private readonly logger = new Logger('probe');

  @Get('watched')
  @route('watchConnection')
  async watched(): Promise<string> {
    const closed = currentRequest()?.whenClosed();
    if (closed !== undefined) closings.push(closed);
    await new Promise<void>((open) => gates.push(open));
    return 'done';
  }

  @Get('context')
  @route('readContext')
  async context(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    logWithRequest({ userId: 'user-1' });
    this.logger.warn('seen');
    return JSON.stringify(currentRequest());
  }

  @Get('fails')
  @route('fail')
  fails(): string {
    throw new Error('secret hunter2 of the inside');
  }

  @Get('slow')
  @route('waitLong')
  async slow(): Promise<string> {
    await new Promise<void>((resolve) => gates.push(resolve));
    return 'done';
  }

  @Sse('stream')
  @route('stream')
  stream(): Observable<{ data: number }> {
    return interval(10).pipe(map((data) => ({ data })));
  }

  @Post('guarded/:thingId')
  @route('guard')
  guarded(@IdParam('thingId', 'A thing.') _thingId: string, @Param('thingId') id: string): string {
    return id;
  }
}

@Module({ controllers: [ProbeController], providers: [{ provide: APP_GUARD, useClass: NobodyGuard }] })
class ProbeModule {}

let app: NestFastifyApplication | undefined;

async function start(
  env: Record<string, string> = {},
): Promise<{ app: NestFastifyApplication; log: Log; url: string }> {
  const log: Log = [];
  const logger = createLogger({ logLevel: 'info' }, { write: (line) => log.push(JSON.parse(line) as Log[0]) });
  const started = await createHttpApp(ProbeModule, testSettings(env), { logger });
  app = started;
  await started.listen(0, '127.0.0.1');
  const { port } = started.getHttpServer().address() as AddressInfo;
  return { app: started, log, url: `http://127.0.0.1:${port}` };
}

afterEach(async () => {
  gates.splice(0).forEach((open) => open());
  await app?.close();
  app = undefined;
});

describe('the server', () => {
  it('checks the path, then the credentials, then the body', async () => {
    const { url } = await start();
    const post = async (id: string, body: string): Promise<number> =>
      (await fetch(`${url}/v1/guarded/${id}`, { method: 'POST', body })).status;
    expect(await post('abc', '{"broken')).toBe(400);
    expect(await post(newId(), '{"broken')).toBe(401);
  });

  it('provides the current request everywhere below, and logs one line for each request', async () => {
    const { url, log } = await start();
    const [one, two] = await Promise.all(
      ['request-1', 'request-2'].map(async (id) => {
        const answer = await fetch(`${url}/v1/context?`, {
          headers: { 'x-request-id': id, 'user-agent': `agent ${id}` },
        });
        return (await answer.json()) as Record<string, unknown>;
      }),
    );
    expect(one).toMatchObject({ requestId: 'request-1', ip: '127.0.0.1', userAgent: 'agent request-1' });
    expect(two).toMatchObject({ requestId: 'request-2' });
    const lines = log.filter((line) => line['requestId'] === 'request-1');
    expect(lines).toMatchObject([
      { level: 'warn', context: 'probe', msg: 'seen', userId: 'user-1' },
      {
        level: 'info',
        msg: 'request',
        method: 'GET',
        route: '/v1/context',
        path: '/v1/context',
        status: 200,
        userId: 'user-1',
      },
    ]);
    expect(currentRequest()).toBeUndefined();
  });

  it('hides an unexpected error from the client, and logs all of the error', async () => {
    const { url, log } = await start();
    const answer = await fetch(`${url}/v1/fails`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      500,
      'application/problem+json; charset=utf-8',
    ]);
    const problem = (await answer.json()) as Record<string, unknown>;
    expect(problem).toEqual({
      type: '/problems/INTERNAL.UNEXPECTED',
      title: 'Unexpected error',
      status: 500,
      detail: 'Unexpected error.',
      code: 'INTERNAL.UNEXPECTED',
      requestId: answer.headers.get('x-request-id'),
    });
    const line = log.find((each) => each['msg'] === 'unexpected error');
    expect(line).toMatchObject({ level: 'error', requestId: problem['requestId'], err: { type: 'Error' } });
    expect(JSON.stringify(line)).toContain('hunter2');
  });

  it('writes no query, header or body into the log', async () => {
    const { url, log } = await start();
    const headers = {
      authorization: 'Bearer s3cret-token',
      cookie: 's3cret-cookie',
      'content-type': 'application/json',
    };
    await fetch(`${url}/v1/context?access_token=s3cret-query`, { headers });
    await fetch(`${url}/v1/guarded/${newId()}`, { method: 'POST', headers, body: '{"password":"s3cret-body"}' });
    expect(JSON.stringify(log)).not.toContain('s3cret');
  });

  it('trusts forwarded addresses only from configured proxies', async () => {
    const ipOf = async (env: Record<string, string>): Promise<unknown> => {
      const { url, app: started } = await start(env);
      const answer = await fetch(`${url}/v1/context`, { headers: { 'x-forwarded-for': '9.9.9.9, 1.2.3.4' } });
      const { ip } = (await answer.json()) as { ip: unknown };
      await started.close();
      return ip;
    };
    expect(await ipOf({})).toBe('127.0.0.1');
    expect(await ipOf({ STOWAGE_TRUST_PROXY: '1' })).toBe('1.2.3.4');
    expect(await ipOf({ STOWAGE_TRUST_PROXY: '2' })).toBe('9.9.9.9');
    expect(await ipOf({ STOWAGE_TRUST_PROXY: '127.0.0.0/8' })).toBe('1.2.3.4');
    expect(await ipOf({ STOWAGE_TRUST_PROXY: '10.0.0.0/8' })).toBe('127.0.0.1');
  });

  it('limits how long headers and bodies may take to arrive', async () => {
    const server = (await start()).app.getHttpServer();
    expect(server).toMatchObject({ headersTimeout: HTTP_LIMITS.headersMs, requestTimeout: HTTP_LIMITS.requestMs });
    expect(HTTP_LIMITS.requestMs + 1000).toBeLessThanOrEqual(30_000);
  });
});

describe('a server that stops', () => {
  it('answers requests that have begun, then exits', async () => {
    const { app: started, url } = await start();
    const slow = fetch(`${url}/v1/slow`);
    while (gates.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const closing = started.close();
    setTimeout(() => gates.splice(0).forEach((open) => open()), 100);
    expect(await (await slow).text()).toBe('done');
    await closing;
    await expect(fetch(`${url}/v1/context`)).rejects.toThrow();
  });

  it('notifies a request whose client disconnects, and none that was answered', async () => {
    const { url } = await start();
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const client = new AbortController();
    const left = fetch(`${url}/v1/watched`, { signal: client.signal });
    await until(() => gates.length === 1);
    client.abort();
    await expect(left).rejects.toThrow();
    await until(() => closings[0]?.aborted === true);
    gates.splice(0).forEach((open) => open());

    const answered = fetch(`${url}/v1/watched`);
    await until(() => gates.length === 1);
    gates.splice(0).forEach((open) => open());
    expect(await (await answered).text()).toBe('done');
    expect(closings.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  it('stops without waiting for idle connections', async () => {
    const { app: started, url } = await start();
    expect((await fetch(`${url}/v1/context`)).status).toBe(200);
    const before = performance.now();
    await started.close();
    expect(performance.now() - before).toBeLessThan(HTTP_LIMITS.keepAliveMs / 10);
  });

  it('ends event streams', async () => {
    const { app: started, url } = await start();
    const ended = new Promise((resolve) => {
      request(`${url}/v1/stream`, (response) => {
        response.once('data', () => void started.close());
        response.on('error', () => undefined).on('close', resolve);
      })
        .on('error', () => undefined)
        .end();
    });
    const before = performance.now();
    await ended;
    expect(performance.now() - before).toBeLessThan(9_000);
  });
});

describe('the logger', () => {
  it('redacts secrets by name', () => {
    const lines: string[] = [];
    const logger = createLogger({ logLevel: 'info' }, { write: (line) => lines.push(line) });
    logger.info(
      { password: 's3cret', user: { refreshToken: 's3cret' }, req: { headers: { authorization: 's3cret' } } },
      'x',
    );
    expect(lines.join('')).not.toContain('s3cret');
  });

  it("keeps Nest's contexts and errors, and logs its start messages at debug level", () => {
    const lines: Log = [];
    const nest = new NestLogger(pino({ level: 'info' }, { write: (line) => lines.push(JSON.parse(line) as Log[0]) }));
    nest.log('route mapped', 'RouterExplorer');
    nest.log('hello', 'Somewhere');
    nest.error('failed', 'Error: x\n    at y', 'Somewhere');
    nest.error(new Error('boom'), 'Somewhere');
    nest.warn({ clusterId: 'c' }, 'Somewhere');
    nest.debug('no');
    nest.verbose('no');
    nest.fatal('dead');
    expect(lines).toMatchObject([
      { context: 'Somewhere', msg: 'hello' },
      { context: 'Somewhere', msg: 'failed', stack: 'Error: x\n    at y' },
      { context: 'Somewhere', msg: 'boom', err: { message: 'boom' } },
      { context: 'Somewhere', clusterId: 'c' },
      { msg: 'dead' },
    ]);
  });
});
