import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ApiClient } from '../support/api-client.js';
import { aDeployment, TestCluster } from '../support/clusters.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { freePort } from '../support/free-port.js';
import { aTeam } from '../support/people.js';
import { ServedProcess } from '../support/served-process.js';
import { testEnvironment } from '../support/settings.js';
import { eventually } from '../support/wait.js';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
}

interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';

describe('traces', () => {
  const spans: Span[] = [];
  let collector: Server;
  let database: TestDatabase;
  let api: ServedProcess;
  let worker: ServedProcess;

  beforeAll(async () => {
    collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as Export;
        spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    database = await createTestDatabase();
    const environment = {
      ...testEnvironment(database.processUrl),
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
    api = new ServedProcess('api', environment, await freePort());
    worker = new ServedProcess('worker', environment, await freePort());
    await Promise.all([api.start(), worker.start()]);
  });

  afterAll(async () => {
    await Promise.all([api.stop(), worker.stop()]);
    collector.closeAllConnections();
    collector.close();
    await database.drop();
  });

  it('connects a request over the queue with the pass and its SQL, and records no values', async () => {
    const client = await ApiClient.connect(api.url);
    const team = await aTeam(client);
    const cluster = await TestCluster.create(team, { cpu: 1 });
    const headers = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };
    await team.admin.post(`${cluster.path}/deployments`, aDeployment({ name: 'named-by-a-tenant' }), { headers });

    const names = (): string[] => [
      ...new Set(spans.filter(({ traceId }) => traceId === TRACE).map(({ name }) => name)),
    ];
    const route = 'POST /v1/organizations/:organizationId/clusters/:clusterId/deployments';
    await eventually(
      () => Promise.resolve(names()),
      (seen) => [route, 'nudge', 'passes', 'pass', 'sql'].every((name) => seen.includes(name)),
      20_000,
    );
    expect(JSON.stringify(spans)).not.toContain('named-by-a-tenant');
    const texts = spans.flatMap(({ attributes }) => attributes.filter(({ key }) => key === 'db.query.text'));
    expect(texts.some(({ value }) => value.stringValue?.includes('insert into pass_totals') === true)).toBe(true);
  });
});
