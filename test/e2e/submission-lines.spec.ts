import { request as httpRequest } from 'node:http';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { type Answer, linesOf } from '../support/api-client.js';
import { aDeployment, TestCluster } from '../support/clusters.js';
import { aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface AnswerLine {
  readonly index?: number;
  readonly id?: string;
  readonly problem?: { status: number; code: string; errors?: { pointer: string; code: string }[] };
  readonly summary?: { lines: number; accepted: number; refused: number };
}

const LINES = { 'content-type': 'application/x-ndjson' };

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('a batch of lines', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.create(team, { cpu: 4 });
    await cluster.cordon();
  });

  const send = (body: string, headers: Readonly<Record<string, string>> = {}, where = cluster): Promise<Answer> =>
    stowage.client.post(`${where.path}/deployments/lines`, {
      token: team.developer.token,
      rawBody: body,
      headers: { ...LINES, ...headers },
    });

  const line = (fields: Readonly<Record<string, unknown>> = {}): string => JSON.stringify(aDeployment(fields));

  const queued = async (): Promise<number> => (await cluster.read()).queue.queued;

  it('answers each line independently, with a summary at the end', async () => {
    const answer = await send(
      [line({ name: 'line' }), '', '{"image":', line({ image: 'No' }), line({ name: 'line' }), '{}', line()].join('\n'),
    );
    expect([answer.status, answer.headers.get('content-type')]).toEqual([201, 'application/x-ndjson']);
    const answers = linesOf<AnswerLine>(answer.text);
    expect(
      answers.map(({ index, id, problem, summary }) => {
        const [first] = problem?.errors ?? [];
        return summary ?? [index, id === undefined ? problem?.code : 'queued', first?.pointer].join(' ');
      }),
    ).toEqual([
      '0 queued ',
      '2 REQUEST.MALFORMED_JSON ',
      '3 DEPLOYMENTS.INVALID_IMAGE #/image',
      '4 DEPLOYMENTS.NAME_TAKEN #/name',
      '5 REQUEST.INVALID #/image',
      '6 queued ',
      { lines: 6, accepted: 2, refused: 4 },
    ]);
    expect(await cluster.deployment(answers[0]?.id ?? '')).toMatchObject({ name: 'line', status: 'queued' });
  });

  it('accepts more lines than a batch has items', async () => {
    const before = await queued();
    const answer = await send(`${line()}\n`.repeat(12_345));
    const answers = linesOf<AnswerLine>(answer.text);
    expect(answers.at(-1)?.summary).toEqual({ lines: 12_345, accepted: 12_345, refused: 0 });
    expect(answers.slice(0, -1).map(({ index }) => index)).toEqual(Array.from({ length: 12_345 }, (_, index) => index));
    expect((await queued()) - before).toBe(12_345);
  });

  it('keeps queued chunks of a body that is cut off; repeated under its key, queues the rest and nothing twice', async () => {
    const [before, key] = [await queued(), newId()];
    const lines = Array.from({ length: 2_500 }, () => `${line()}\n`);
    // Not sent to the end: the connection is closed in the middle of a line of the third chunk.
    const sent = httpRequest(`${stowage.client.url}${cluster.path}/deployments/lines`, {
      method: 'POST',
      headers: { ...LINES, authorization: `Bearer ${team.developer.token}`, 'idempotency-key': key },
    });
    sent.on('error', () => undefined);
    sent.write(`${lines.slice(0, 2_400).join('')}{"image":`);
    await eventually(queued, (count) => count === before + 2_000);
    sent.destroy();
    const again = await send(lines.join(''), { 'idempotency-key': key });
    expect(linesOf<AnswerLine>(again.text).at(-1)?.summary).toEqual({ lines: 2_500, accepted: 2_500, refused: 0 });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await queued()).toBe(before + 2_500);
    const third = await send(lines.join(''), { 'idempotency-key': key });
    expect(third.text).toBe(again.text);
    expect(await queued()).toBe(before + 2_500);
    expect(await send(`${line({ priority: 1 })}\n`, { 'idempotency-key': key })).toMatchObject({
      status: 422,
      body: { code: 'REQUEST.IDEMPOTENCY_KEY_REUSED' },
    });
  });

  it('reports a last line that is cut off', async () => {
    const answer = await send(`${line()}\n${line().slice(0, 20)}`);
    expect(linesOf<AnswerLine>(answer.text).slice(1)).toMatchObject([
      { index: 1, problem: { status: 400, code: 'REQUEST.MALFORMED_JSON' } },
      { summary: { lines: 2, accepted: 1, refused: 1 } },
    ]);
  });

  it('ends early after too many refused lines', async () => {
    const answer = await send('x\n'.repeat(10_500));
    expect(linesOf<AnswerLine>(answer.text).slice(10_000)).toMatchObject([
      { problem: { code: 'DEPLOYMENTS.STREAM_LIMIT_REACHED' } },
      { summary: { lines: 10_000, accepted: 0, refused: 10_000 } },
    ]);
  });

  it('refuses the whole batch where nothing can be queued', async () => {
    const draining = await TestCluster.create(team, { cpu: 4 });
    await team.admin.post(`${draining.path}/drain`);
    expect(await send(line(), {}, draining)).toMatchObject({
      status: 409,
      body: { code: 'DEPLOYMENTS.CLUSTER_DRAINING' },
    });
    expect(await send('')).toMatchObject({ status: 400, body: { errors: [{ pointer: '#', code: 'too-few' }] } });
    expect(await send('\n\n')).toMatchObject({ status: 400 });
    expect(await send(line(), { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 });
    const asViewer = await stowage.client.post(`${cluster.path}/deployments/lines`, {
      token: team.viewer.token,
      rawBody: line(),
      headers: LINES,
    });
    expect(asViewer.status).toBe(403);
  });

  it.each(['application/json', 'text/plain', undefined])('refuses a body of the type %s', async (type) => {
    const answer = await stowage.client.post(`${cluster.path}/deployments/lines`, {
      token: team.developer.token,
      ...(type === undefined ? {} : { rawBody: line(), headers: { 'content-type': type } }),
    });
    expect(answer).toMatchObject({
      status: 415,
      body: { detail: 'Content-Type must be application/x-ndjson.' },
    });
  });

  it.each(['deployments', 'deployments/batch', 'deployments/complete', 'cordon'])(
    'refuses lines by %s',
    async (route) => {
      const answer = await stowage.client.post(`${cluster.path}/${route}`, {
        token: team.admin.token,
        rawBody: line(),
        headers: LINES,
      });
      expect(answer).toMatchObject({ status: 415, body: { code: 'REQUEST.UNSUPPORTED_MEDIA_TYPE' } });
    },
  );
});
