import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { aDeployment, TestCluster } from '../support/clusters.js';
import { EventReader } from '../support/event-reader.js';
import { freePort } from '../support/free-port.js';
import { aTeam, type Team } from '../support/people.js';
import { ServedProcess } from '../support/served-process.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

const KEYS = 20;

describe('two processes of the API', () => {
  let stowage: Stowage;
  let processes: ServedProcess[];
  let team: Team;
  let cluster: TestCluster;

  beforeAll(async () => {
    stowage = await Stowage.start();
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 1_000 });
    const ports = [await freePort(), await freePort()];
    processes = ports.map((port) => new ServedProcess('api', stowage.environment, port));
    await Promise.all(processes.map((process) => process.start()));
  });

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.stop()));
    await stowage.stop();
  });

  const submit = async (url: string, key: string): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${url}${cluster.path}/deployments`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${team.developer.token}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(aDeployment({ labels: { key } })),
    });
    return { status: answer.status, text: await answer.text() };
  };

  it('runs a request once that both processes get under one key, and gives the same answer', async () => {
    const urls = processes.flatMap(({ url }) => [url, url]);
    for (let round = 0; round < KEYS; round++) {
      const key = newId();
      const answers = await Promise.all(urls.map((url) => submit(url, key)));
      // Who waits too long for the other process is told to come again, and then hears the same.
      const busy = answers.filter(({ status }) => status === 409).length;
      const last = await Promise.all(urls.slice(0, busy).map((url) => submit(url, key)));
      const told = [...answers.filter(({ status }) => status !== 409), ...last];
      expect(new Set(told.map(({ status }) => status))).toEqual(new Set([201]));
      expect(new Set(told.map(({ text }) => text)).size).toBe(1);
      const list = await team.viewer.get<{ items: unknown[] }>(`${team.path}/deployments?label=key=${key}`);
      expect(list.body.items).toHaveLength(1);
    }
  });

  it('streams events of one process in the other', async () => {
    const quiet = await TestCluster.create(team, { cpu: 1 });
    const readers = await Promise.all(
      processes.map(({ url }) =>
        EventReader.open(`${url}${team.path}/events?clusterId=${quiet.id}`, team.viewer.token),
      ),
    );
    await eventually(
      () => Promise.resolve(readers.map(({ lastId }) => lastId)),
      (ids) => !ids.includes(undefined),
    );
    const [one = '', other = ''] = processes.map(({ url }) => url);
    const ask = async (url: string, path: string, body: unknown): Promise<{ id: string }> => {
      const answer = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${team.developer.token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return (await answer.json()) as { id: string };
    };
    const { id } = await ask(one, `${quiet.path}/deployments`, aDeployment());
    await Promise.all(readers.map((reader) => reader.until(2)));
    await ask(other, `${quiet.deploymentPath(id)}/start`, {});
    await ask(one, `${quiet.deploymentPath(id)}/complete`, { outcome: 'succeeded' });
    for (const reader of readers) {
      const messages = await reader.until(4);
      expect(messages.map(({ data }) => [data['deploymentId'], data['sequence'], data['to']])).toEqual([
        [id, 1, 'queued'],
        [id, 2, 'scheduled'],
        [id, 3, 'running'],
        [id, 4, 'succeeded'],
      ]);
      reader.close();
    }
  });
});
