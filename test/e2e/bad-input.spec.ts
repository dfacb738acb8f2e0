import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Answer, type Call } from '../support/api-client.js';
import { TestCluster } from '../support/clusters.js';
import { fingerprint } from '../support/fingerprint.js';
import { assertLedgerHolds } from '../support/invariants.js';
import { aTeam, type Team } from '../support/people.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';
import { badSyntax, BODY_ROUTES } from './bad-bodies.js';

interface Problem {
  code?: string;
  errors?: { pointer: string; code: string }[];
}

/** Words of a parser, a database or a stack trace, which no answer may contain. */
const NOT_OUR_WORDS =
  /SyntaxError|Unexpected token|node_modules|\bat .*\.[jt]s:\d|\b(select|insert into|update|from) [a-z_]+ (where|set|values)|relation "|constraint "/i;

/** Formats a refusal as `status CODE pointer field-code`, with its first error. */
function refusal({ status, body, text }: Answer<Problem | undefined>): string {
  const [first] = body?.errors ?? [];
  expect(text).not.toMatch(NOT_OUR_WORDS);
  expect(body?.errors?.length ?? 0).toBeLessThanOrEqual(20);
  return [status, body?.code ?? text, ...(first === undefined ? [] : [first.pointer, first.code])].join(' ');
}

describe('the API given bad input', () => {
  let stowage: Stowage;
  let team: Team;
  let cluster: TestCluster;
  let deploymentId: string;

  beforeAll(async () => {
    stowage = await Stowage.start();
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 4, gpu: 1 }, 'taken');
    await team.admin.patch(cluster.path, {
      policy: { priorityLimitByRole: { admin: 90 }, maxRuntimeSecondsLimitByRole: { admin: 600 } },
    });
    deploymentId = await cluster.submit({ name: 'taken' });
    await eventually(
      () => cluster.deployment(deploymentId),
      ({ status }) => status === 'scheduled',
    );
  });

  afterAll(async () => {
    await assertLedgerHolds(stowage.database.url);
    await stowage.stop();
  });

  const urlOf = (path: string): string =>
    path.replace('~', team.path).replace('*', cluster.path).replace('{deploymentId}', deploymentId);

  /** Sends a request as the admin and formats the refusal. Asserts less than a second of CPU time, which other processes do not affect. */
  const refused = async (method: string, path: string, call: Call = {}): Promise<string> => {
    const began = process.cpuUsage();
    const answer = await stowage.client.send<Problem>(method, path, { token: team.admin.token, ...call });
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1_000).toBeLessThan(1_000);
    return refusal(answer);
  };

  /** Asserts the refusal of each row, and that no row changes the database. */
  const allRefused = async (
    rows: readonly (readonly [what: string, expected: string, ask: () => Promise<string>])[],
  ): Promise<void> => {
    const before = await fingerprint(stowage.database.url);
    const refusals: string[] = [];
    for (const [what, , ask] of rows) refusals.push(`${what}: ${await ask()}`);
    expect(refusals).toEqual(rows.map(([what, expected]) => `${what}: ${expected}`));
    expect(await fingerprint(stowage.database.url)).toEqual(before);
  };

  const sent = (path: string, body: unknown, method = 'POST'): Promise<string> =>
    refused(method, path, {
      rawBody: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });

  describe.each(Object.entries(BODY_ROUTES))(
    'in the body of %s',
    (_name, { path, valid, bad, isBodyOptional = false, method = 'POST' }) => {
      it('refuses a body of a wrong form', async () => {
        await allRefused([
          // A body whose fields are all optional may be left out.
          ...(isBodyOptional
            ? []
            : [['no body', '400 REQUEST.INVALID # required', () => refused(method, urlOf(path))] as const]),
          ...badSyntax(valid).map(
            ([what, body, expected]) => [what, expected, () => sent(urlOf(path), body, method)] as const,
          ),
        ]);
      });

      it('refuses a wrong field', async () => {
        await allRefused(
          bad.map(([what, body, expected]) => [what, expected, () => sent(urlOf(path), body, method)] as const),
        );
      });
    },
  );

  it('refuses bodies that are not JSON in UTF-8, and bodies beyond the limit', async () => {
    const path = `${cluster.path}/deployments`;
    const good = JSON.stringify({ image: 'app', resources: { cpu: 1, memoryMib: 1 } });
    const bytes = (body: string | Buffer, headers: Record<string, string>): Promise<string> =>
      refused('POST', path, { rawBody: body, headers });
    const json = { 'content-type': 'application/json' };
    const gzip = { ...json, 'content-encoding': 'gzip' };
    const big = `{"image":"${'x'.repeat(101 * 1024)}"}`;
    await allRefused([
      ['text', '415 REQUEST.UNSUPPORTED_MEDIA_TYPE', () => bytes(good, { 'content-type': 'text/plain' })],
      [
        'a form',
        '415 REQUEST.UNSUPPORTED_MEDIA_TYPE',
        () => bytes('image=app', { 'content-type': 'application/x-www-form-urlencoded' }),
      ],
      [
        'another charset',
        '415 REQUEST.UNSUPPORTED_MEDIA_TYPE',
        () => bytes(good, { 'content-type': 'application/json; charset=utf-16' }),
      ],
      [
        'another encoding',
        '415 REQUEST.UNSUPPORTED_MEDIA_TYPE',
        () => bytes(good, { ...json, 'content-encoding': 'foo' }),
      ],
      ['bytes that are not UTF-8', '400 REQUEST.MALFORMED_JSON', () => bytes(Buffer.from([0x22, 0xff, 0x22]), json)],
      ['broken gzip', '400 REQUEST.BAD_ENCODING', () => bytes('no gzip', gzip)],
      ['101 KiB', '413 REQUEST.TOO_LARGE', () => bytes(big, json)],
      ['101 KiB in a few bytes', '413 REQUEST.TOO_LARGE', () => bytes(gzipSync(big), gzip)],
      ['20 MB in 20 KB', '413 REQUEST.TOO_LARGE', () => bytes(gzipSync(Buffer.alloc(20_000_000, 'x')), gzip)],
      [
        'a batch of 8 MiB and more',
        '413 REQUEST.TOO_LARGE',
        () => refused('POST', `${path}/batch`, { rawBody: `"${'x'.repeat(8 * 1024 * 1024)}"`, headers: json }),
      ],
    ]);
  });

  it('refuses a body where a route takes none, and accepts `{}` or nothing', async () => {
    for (const path of [`${cluster.path}/uncordon`, `${cluster.deploymentPath(deploymentId)}/cancel`]) {
      await allRefused([
        ['a field', '400 REQUEST.INVALID #/force unknown-field', () => sent(path, { force: true })],
        ['a list', '400 REQUEST.INVALID # type', () => sent(path, [])],
        ['no JSON', '400 REQUEST.MALFORMED_JSON', () => sent(path, '{')],
      ]);
    }
    expect((await team.admin.post(`${cluster.path}/uncordon`, {})).status).toBe(200);
    expect((await team.admin.post(`${cluster.path}/uncordon`)).status).toBe(200);
  });

  it('refuses malformed ids and paths', async () => {
    const wrong: [string, string][] = [
      ['abc', 'invalid-id'],
      ['%00', 'invalid-id'],
      ['..%2f..%2fetc', 'invalid-id'],
      ['%7Bid%7D', 'invalid-id'],
      [`${deploymentId}%0a`, 'invalid-id'],
      [`${deploymentId}0`, 'invalid-id'],
      [deploymentId.replaceAll('-', ''), 'invalid-id'],
      ["'%20or%201=1--", 'invalid-id'],
    ];
    await allRefused([
      ...wrong.flatMap(([id, code]) => [
        [
          `deployment ${id}`,
          `400 REQUEST.INVALID deploymentId ${code}`,
          () => refused('GET', `${team.path}/deployments/${id}`),
        ] as const,
        [
          `cluster ${id}`,
          `400 REQUEST.INVALID clusterId ${code}`,
          () => refused('POST', `${team.path}/clusters/${id}/cordon`),
        ] as const,
        [
          `organization ${id}`,
          `400 REQUEST.INVALID organizationId ${code}`,
          () => refused('GET', `/v1/organizations/${id}/clusters`),
        ] as const,
      ]),
      ['%zz', '400 REQUEST.MALFORMED', () => refused('GET', `${team.path}/deployments/%zz`)],
      ['%c0%af', '400 REQUEST.MALFORMED', () => refused('GET', `${team.path}/deployments/%c0%af`)],
      [
        'nil',
        '404 DEPLOYMENTS.NOT_FOUND',
        () => refused('GET', `${team.path}/deployments/00000000-0000-0000-0000-000000000000`),
      ],
      [
        'version 1',
        '404 CLUSTERS.NOT_FOUND',
        () => refused('GET', `${team.path}/clusters/c232ab00-9414-11ec-b3c8-9f6bdeced846`),
      ],
      ['a slash at the end', '404 REQUEST.NO_SUCH_ROUTE', () => refused('GET', `${team.path}/deployments/`)],
      ['capitals', '404 REQUEST.NO_SUCH_ROUTE', () => refused('GET', `/V1/organizations`)],
      ['another method', '405 REQUEST.METHOD_NOT_ALLOWED', () => refused('PUT', `${team.path}/clusters`)],
      [
        'a method of a route that is only read',
        '405 REQUEST.METHOD_NOT_ALLOWED',
        () => refused('DELETE', '/v1/admin/retention'),
      ],
      ['another method of the version', '405 REQUEST.METHOD_NOT_ALLOWED', () => refused('POST', '/v1/version')],
      [
        'a parameter of the version',
        '400 REQUEST.INVALID x unknown-parameter',
        () => refused('GET', '/v1/version?x=1'),
      ],
    ]);
    const capitals = await team.viewer.get<{ id: string }>(
      `${team.path.toUpperCase().replace('/V1/ORGANIZATIONS', '/v1/organizations')}/deployments/${deploymentId.toUpperCase()}`,
    );
    expect(capitals).toMatchObject({ status: 200, body: { id: deploymentId } });
  });

  it.each(['organizations', '~/clusters', '~/deployments', '~/events', '*/passes', '*/queue', '*/blockers'])(
    'refuses wrong parameters and cursors of the list %s',
    async (list) => {
      const path = urlOf(list.startsWith('o') ? `/v1/${list}` : list);
      const first = await team.admin.get<{ nextCursor: string | null }>(path);
      expect(first.status).toBe(200);
      const rows: [string, string][] = [
        ['limit=0', 'limit too-small'],
        ['limit=-1', 'limit too-small'],
        ['limit=101', 'limit too-large'],
        ['limit=abc', 'limit type'],
        ['limit=', 'limit type'],
        ['limit=1e2', 'limit type'],
        ['limit=0x10', 'limit type'],
        ['limit=5.0', 'limit type'],
        ['limit=1&limit=2', 'limit repeated-parameter'],
        ['limit[]=5', 'limit[] unknown-parameter'],
        ['__proto__[x]=1', '__proto__[x] unknown-parameter'],
        ['orderBy=name;drop', 'orderBy unknown-parameter'],
        ['order=asc,(select%201)', 'order unknown-parameter'],
        ['organizationId=x', 'organizationId unknown-parameter'],
        [Array.from({ length: 1001 }, (_, index) => `x${index}=1`).join('&'), 'x0 unknown-parameter'],
      ];
      const cursors = ['x', 'abc.def', 'eyJpZCI6MX0', 'A'.repeat(100), '%00', 'null', '-1'];
      await allRefused([
        ...rows.map(
          ([query, fault]) =>
            [query.slice(0, 40), `400 REQUEST.INVALID ${fault}`, () => refused('GET', `${path}?${query}`)] as const,
        ),
        ...cursors.map(
          (cursor) =>
            [
              `cursor ${cursor.slice(0, 20)}`,
              cursor === '%00' ? '400 REQUEST.INVALID cursor invalid-text' : '400 REQUEST.INVALID_CURSOR',
              () => refused('GET', `${path}?cursor=${cursor}`),
            ] as const,
        ),
        [
          'a cursor that is too long',
          '400 REQUEST.INVALID cursor too-long',
          () => refused('GET', `${path}?cursor=${'A'.repeat(2049)}`),
        ],
      ]);
    },
  );

  it('refuses wrong filters of deployments', async () => {
    const path = `${team.path}/deployments`;
    const rows: [string, string][] = [
      ['status=Queued', 'status one-of'],
      ['status=', 'status one-of'],
      ['status=queued,,running', 'status one-of'],
      [`status=${Array(11).fill('queued').join(',')}`, 'status too-many'],
      ['status=queued&status=nope', 'status one-of'],
      ['label=', 'label too-short'],
      ['label=,', 'label invalid-selector'],
      ['label=a=b=c', 'label invalid-selector'],
      ['label=a in (b', 'label invalid-selector'],
      ["label=a'--", 'label invalid-selector'],
      [`label=${'a'.repeat(2001)}`, 'label too-long'],
      ['submittedBy=me', 'submittedBy invalid-id'],
      ['queuedFrom=yesterday', 'queuedFrom invalid-timestamp'],
      ['queuedBefore=2026-02-30T00:00:00Z', 'queuedBefore invalid-timestamp'],
      ['name=', 'name too-short'],
      [`name=${'x'.repeat(129)}`, 'name too-long'],
      ['name=a&name=b', 'name repeated-parameter'],
      ['namePrefix=', 'namePrefix too-short'],
      [`namePrefix=${'x'.repeat(129)}`, 'namePrefix too-long'],
      ['sort=priority', 'sort one-of'],
      ['clusterId=abc', 'clusterId invalid-id'],
      ['clusterId=', 'clusterId invalid-id'],
      ["clusterId=' or 1=1", 'clusterId invalid-id'],
    ];
    await allRefused(
      rows.map(
        ([query, fault]) => [query, `400 REQUEST.INVALID ${fault}`, () => refused('GET', `${path}?${query}`)] as const,
      ),
    );
  });

  it('refuses wrong filters of events', async () => {
    const rows: [string, string][] = [
      ['status=Queued', 'status one-of'],
      ['status=', 'status one-of'],
      ['status=queued,,running', 'status one-of'],
      ['clusterId=abc', 'clusterId invalid-id'],
      ['deploymentId=', 'deploymentId invalid-id'],
      ['lastEventId=', 'lastEventId too-short'],
      ['lastEventId=1', 'lastEventId invalid-event-id'],
      ['lastEventId=1-2-3', 'lastEventId invalid-event-id'],
      ['lastEventId=99999999999999999999-1', 'lastEventId invalid-event-id'],
      ["lastEventId=1-1' or 1=1", 'lastEventId invalid-event-id'],
      ['sort=at', 'sort one-of'],
      ['type=x', 'type unknown-parameter'],
    ];
    await allRefused(
      rows.map(
        ([query, fault]) =>
          [query, `400 REQUEST.INVALID ${fault}`, () => refused('GET', `${team.path}/events?${query}`)] as const,
      ),
    );
  });

  it('answers a request that exceeds the capacity with what is needed, available and missing, and lists every wrong field', async () => {
    const answer = await team.admin.post(`${cluster.path}/deployments`, {
      image: 'app',
      resources: { cpu: 4.5, memoryMib: 2_000_000, gpu: 0.5 },
    });
    expect(answer).toMatchObject({
      status: 422,
      body: {
        code: 'DEPLOYMENTS.EXCEEDS_CAPACITY',
        clusterId: cluster.id,
        needed: { cpu: 4.5, memoryMib: 2_000_000, gpu: 0.5 },
        capacity: { cpu: 4, memoryMib: 1_000_000, gpu: 1 },
        missing: { cpu: 0.5, memoryMib: 1_000_000, gpu: 0 },
      },
    });
    const many = await team.admin.post<Problem>(`${cluster.path}/deployments`, {
      image: 1,
      resources: { cpu: -1 },
      priority: 101,
      x: 1,
    });
    expect(many.body.errors?.map(({ pointer, code }) => `${pointer} ${code}`).sort()).toEqual([
      '#/image type',
      '#/priority too-large',
      '#/resources/cpu too-small',
      '#/resources/memoryMib required',
      '#/x unknown-field',
    ]);
  });
});
