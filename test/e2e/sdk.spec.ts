import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestCluster } from '../support/clusters.js';
import { aTeam, type Team } from '../support/people.js';
import { execute, programOf, ROOT, SdkProject } from '../support/sdk.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

const TUTORIAL = 'docs/tutorials/share-a-cluster.md';
const RUNTIME = 'docs/how-to/runtime.md';

describe('the SDK, installed into an empty project', () => {
  let stowage: Stowage;
  let project: SdkProject;
  let team: Team;

  beforeAll(async () => {
    [stowage, project] = await Promise.all([Stowage.start(), SdkProject.create()]);
    team = await aTeam(stowage.client);
  }, 180_000);

  afterAll(async () => {
    await stowage.stop();
    project.remove();
  });

  /** Started by a runtime that has gone since, and cancelled where that grants it a day. */
  const aStoppingOne = async (): Promise<string> => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await team.admin.patch(cluster.path, { policy: { stopGraceSeconds: 86_400 } });
    const id = await cluster.submit();
    await eventually(
      () => cluster.deployment(id),
      ({ status }) => status === 'scheduled',
    );
    await team.admin.post(`${cluster.deploymentPath(id)}/start`);
    expect((await cluster.cancel(id)).body.status).toBe('stopping');
    return id;
  };

  it('contains compiled modules with their types, and nothing else', () => {
    const strange = project.packed.filter((path) => !/^(package\.json|README\.md|dist\/.+\.(js|d\.ts))$/.test(path));
    expect(strange).toEqual([]);
    expect(project.packed).toEqual(expect.arrayContaining(['dist/index.js', 'dist/index.d.ts']));
  });

  it('compiles under strict settings, with every program of the documentation', async () => {
    project.write('tutorial.ts', programOf(TUTORIAL));
    project.write('runtime.ts', programOf(RUNTIME));
    expect(await project.compile()).toBe('');
  });

  it('runs the tutorial', async () => {
    project.write('tutorial.ts', programOf(TUTORIAL));
    const { code, stdout, stderr } = await project.run('tutorial.ts', { STOWAGE_URL: stowage.client.url });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    const promised = [...programOf(TUTORIAL).matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map(([, text]) => text);
    expect(lines).toEqual(expect.arrayContaining(promised));
    expect(lines.filter((line) => line.endsWith(' scheduled'))).toHaveLength(2);
  });

  it('runs the loop of a runtime, which serves what was there and what comes, and stops what is to stop', async () => {
    const account = await team.admin.post<{ id: string }>(`${team.path}/service-accounts`, {
      name: 'agent',
      scope: 'runtime',
    });
    const made = await team.admin.post<{ token: string }>(`${team.path}/service-accounts/${account.body.id}/tokens`, {
      name: 'agent',
    });
    const cluster = await TestCluster.create(team, { cpu: 2 });
    const stopping = await aStoppingOne();
    const before = await cluster.submitBatch([{}, {}, {}]);
    project.write('runtime.ts', programOf(RUNTIME));
    const runtime = spawn(process.execPath, ['runtime.ts'], {
      cwd: project.folder,
      env: {
        PATH: process.env['PATH'],
        STOWAGE_URL: stowage.client.url,
        STOWAGE_TOKEN: made.body.token,
        STOWAGE_ORGANIZATION: team.organizationId,
      },
    });
    let errors = '';
    runtime.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const ended = once(runtime, 'exit');
    const after = await cluster.submitBatch([{}, {}]);
    for (const id of [...before, ...after]) {
      await eventually(
        () => cluster.deployment(id),
        ({ status }) => status === 'succeeded',
        30_000,
      );
    }
    await eventually(
      () => cluster.deployment(stopping),
      ({ status }) => status === 'cancelled',
      30_000,
    );
    runtime.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
  });

  it('retries what is safe, renews its session once, and resumes its events', async () => {
    const behaviour = join(ROOT, 'test/support/sdk-behaviour.mjs');
    const { code, stdout, stderr } = await execute(
      process.execPath,
      ['--expose-gc', behaviour, project.folder],
      project.folder,
    );
    expect(`${stdout}${stderr}`).toMatch(/fail 0\n/);
    expect(code).toBe(0);
  });
});
