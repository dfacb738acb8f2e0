import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { newId } from '#kernel';

import { TestCluster } from '../../support/clusters.js';
import { aTeam } from '../../support/people.js';
import { Random } from '../../support/random.js';
import { sharedInstallation } from '../../support/shared-installation.js';
import { eventually } from '../../support/wait.js';

interface Entry {
  readonly id: number;
  readonly kind: string;
  readonly deploymentId: string;
  readonly attempt: number;
  readonly resources: { readonly cpu: number; readonly memoryMib: number; readonly gpu: number };
  readonly passId: string;
  readonly at: string;
}

interface Page {
  readonly items: readonly Entry[];
  readonly nextCursor: string | null;
}

interface Hours {
  readonly cpuHours: number;
  readonly memoryMibHours: number;
  readonly gpuHours: number;
}

interface Usage {
  readonly from: string;
  readonly to: string;
  readonly stepSeconds: number;
  readonly points: readonly {
    readonly from: string;
    readonly to: string;
    readonly allocated: { readonly cpu: number; readonly memoryMib: number; readonly gpu: number };
    readonly utilization: { readonly cpu: number | null; readonly memory: number | null; readonly gpu: number | null };
  }[];
  readonly total: Hours;
  readonly members: readonly (Hours & { readonly memberId: string })[];
  readonly labels: readonly (Hours & { readonly key: string; readonly value: string })[];
  readonly deployments: readonly (Hours & { readonly deploymentId: string; readonly name: string })[];
}

/** One deployment of a made-up history, in seconds since its beginning. */
interface Stay {
  readonly id: string;
  readonly name: string;
  readonly by: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly cpuMillis: number;
  readonly from: number;
  /** null: still there */
  readonly to: number | null;
}

const BEGINNING = Date.parse('2026-03-01T00:00:00Z');
const at = (second: number): string => new Date(BEGINNING + second * 1_000).toISOString();

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('what the ledger shows', () => {
  let client: Client;

  beforeAll(async () => {
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
  });

  it('lists every entry of a cluster, newest first, page by page, also while entries are added', async () => {
    const cluster = await TestCluster.create(team, { cpu: 100 });
    const ids = await cluster.submitBatch(Array.from({ length: 12 }, () => ({})));
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 12);
    await Promise.all(ids.slice(0, 5).map((id) => cluster.complete(id)));
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 7);

    const seen: Entry[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await team.viewer.get<Page>(`${cluster.path}/ledger?limit=4${query}`);
      seen.push(...body.items);
      cursor = body.nextCursor;
      if (seen.length === 4) {
        await cluster.submit();
        await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 8);
      }
    }
    expect(seen.map(({ id }) => id)).toEqual(seen.map(({ id }) => id).toSorted((a, b) => b - a));
    expect(
      seen
        .filter(({ kind }) => kind === 'allocate')
        .map(({ deploymentId }) => deploymentId)
        .sort(),
    ).toEqual([...ids].sort());
    expect(
      seen
        .filter(({ kind }) => kind === 'release')
        .map(({ deploymentId }) => deploymentId)
        .sort(),
    ).toEqual(ids.slice(0, 5).sort());
    expect(seen[0]).toMatchObject({ attempt: 1, resources: { cpu: 1, memoryMib: 1, gpu: 0 } });

    const releases = await team.viewer.get<Page>(`${cluster.path}/ledger?kind=release`);
    expect(releases.body.items).toEqual(seen.filter(({ kind }) => kind === 'release'));
    const one = await team.viewer.get<Page>(`${cluster.path}/ledger?deploymentId=${ids[0] ?? ''}`);
    expect(one.body.items.map(({ kind }) => kind)).toEqual(['release', 'allocate']);
    const pass = await team.viewer.get(`${cluster.path}/passes/${one.body.items[1]?.passId ?? ''}`);
    expect(pass).toMatchObject({ status: 200, body: { id: one.body.items[1]?.passId } });
    expect(await team.viewer.get(`${cluster.path}/passes/${newId()}`)).toMatchObject({
      status: 404,
      body: { code: 'PASSES.NOT_FOUND' },
    });
    const elsewhere = await TestCluster.create(team, { cpu: 1 });
    expect((await team.viewer.get<Page>(`${elsewhere.path}/ledger?deploymentId=${ids[0] ?? ''}`)).body.items).toEqual(
      [],
    );
  });

  /** Writes a history as passes would have, at times of our choice. */
  const live = async (cluster: TestCluster, stays: readonly Stay[]): Promise<void> => {
    const { organizationId } = team;
    const passId = (await eventually(cluster.passes.bind(cluster), (passes) => passes.length > 0))[0]?.id;
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    for (const { id, name, by, labels = {}, cpuMillis, from, to } of stays) {
      const end = to === null ? null : at(to);
      await client.query(
        `insert into deployments (organization_id, id, cluster_id, name, image, cpu_millis, memory_mib, gpu_millis, priority, status,
                                  version, queued_at, scheduled_at, ended_at, released_at, submitted_by, labels)
         values ($1, $2, $3, $4, 'app', $5, 1, 0, 50, $6, $7, $8, $8, $9, $9, $10, $11)`,
        [
          organizationId,
          id,
          cluster.id,
          name,
          cpuMillis,
          to === null ? 'scheduled' : 'succeeded',
          to === null ? 2 : 3,
          at(from),
          end,
          by,
          JSON.stringify(labels),
        ],
      );
      const moves = [[null, 'queued'], ['queued', 'scheduled'], ...(to === null ? [] : [['scheduled', 'succeeded']])];
      for (const [index, [before, after]] of moves.entries()) {
        await client.query(
          `insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status, to_status, cause, actor_id, pass_id, at)
           values ($1, $2, $3, $4, 1, $5, $6, $10, $7, $8, $9)`,
          [
            organizationId,
            id,
            index + 1,
            cluster.id,
            before,
            after,
            index === 1 ? null : by,
            index === 1 ? passId : null,
            at(from),
            ['submitted', 'placed', 'reported'][index],
          ],
        );
      }
      const entries = [['allocate', at(from)], ...(end === null ? [] : [['release', end]])];
      for (const [kind, when] of entries) {
        await client.query(
          `insert into ledger_entries (organization_id, cluster_id, deployment_id, attempt, kind, cpu_millis, memory_mib, gpu_millis, pass_id, at)
           values ($1, $2, $3, 1, $4, $5, 1, 0, $6, $7)`,
          [organizationId, cluster.id, id, kind, cpuMillis, passId, when],
        );
      }
    }
    await client.query(
      `update clusters c set allocated_cpu_millis = s.cpu, allocated_memory_mib = s.memory
       from (select coalesce(sum(cpu_millis), 0) as cpu, count(*) as memory from deployments where cluster_id = $1 and status = 'scheduled') s
       where c.id = $1`,
      [cluster.id],
    );
    await client.query(
      `update passes p set placed = (select count(*) from ledger_entries l where l.pass_id = p.id and kind = 'allocate'),
                           released = (select count(*) from ledger_entries l where l.pass_id = p.id and kind = 'release')
       where p.id = $1`,
      [passId],
    );
    await client.query('commit');
  };

  const aQuietCluster = async (): Promise<TestCluster> => {
    const cluster = await TestCluster.create(team, { cpu: 1_000 });
    await cluster.cordon();
    return cluster;
  };

  const usage = async (cluster: TestCluster, query: string): Promise<Usage> => {
    const answer = await team.viewer.get<Usage>(`${cluster.path}/usage?${query}`);
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.body;
  };

  it('computes usage exactly at both edges: before, into, within, across, out of, at, and after the period', async () => {
    const cluster = await aQuietCluster();
    const [a, b] = [team.admin.id, team.developer.id];
    const stay = (name: string, by: string, from: number, to: number | null): Stay => ({
      id: newId(),
      name,
      by,
      cpuMillis: 2_000,
      from,
      to,
    });
    await live(cluster, [
      stay('before', a, -100, -1),
      stay('until the edge', a, -100, 0),
      stay('into', a, -100, 900),
      stay('within', b, 900, 1_800),
      stay('across', b, -100, 9_000),
      stay('out of', b, 3_000, 9_000),
      stay('from the edge', a, 3_600, 9_000),
      stay('after', a, 8_000, 9_000),
      stay('still', a, 1_800, null),
    ]);
    const body = await usage(cluster, `from=${at(0)}&to=${at(3_600)}&step=1800`);
    expect(body.points.map(({ from, to }) => [Date.parse(from), Date.parse(to)])).toEqual([
      [BEGINNING, BEGINNING + 1_800_000],
      [BEGINNING + 1_800_000, BEGINNING + 3_600_000],
    ]);
    // 0-900 into + across, 900-1800 within + across; 1800-3600 across + still, 3000-3600 out of as well.
    expect(body.points.map(({ allocated }) => allocated.cpu)).toEqual(
      [4, 2 + 2 + (2 * 600) / 1_800].map((cpu) => expect.closeTo(cpu, 6)),
    );
    expect(body.points[0]?.utilization).toEqual({
      cpu: expect.closeTo(0.004, 9),
      memory: expect.closeTo(2e-6, 9),
      gpu: null,
    });
    const hours = Object.fromEntries(body.deployments.map(({ name, cpuHours }) => [name, cpuHours]));
    expect(hours).toEqual({
      into: expect.closeTo(0.5, 6),
      within: expect.closeTo(0.5, 6),
      across: expect.closeTo(2, 6),
      'out of': expect.closeTo(2 / 6, 6),
      still: expect.closeTo(1, 6),
    });
    expect(Object.fromEntries(body.members.map(({ memberId, cpuHours }) => [memberId, cpuHours]))).toEqual({
      [a]: expect.closeTo(1.5, 6),
      [b]: expect.closeTo(2.5 + 2 / 6, 6),
    });
    expect(body.total.cpuHours).toBeCloseTo(4 + 2 / 6, 6);
  });

  it('computes usage that equals a sum by hand for any history, period and step', async () => {
    const random = Random.of('usage by hand');
    const cluster = await aQuietCluster();
    const people = [team.admin.id, team.developer.id, team.viewer.id] as const;
    const stays = Array.from({ length: 60 }, (_, index): Stay => {
      const from = random.integer(0, 5_000);
      const to = random.fraction() < 0.2 ? null : from + random.integer(0, 3_000);
      return {
        id: newId(),
        name: `d${index}`,
        by: random.pick([...people]),
        labels: random.pick<Readonly<Record<string, string>>>([
          {},
          { team: 'a' },
          { team: 'b' },
          { team: 'a', tier: '' },
        ]),
        cpuMillis: random.integer(1, 5_000),
        from,
        to,
      };
    });
    await live(cluster, stays);
    const overlap = ({ from, to }: Stay, begin: number, end: number): number =>
      Math.max(0, Math.min(to ?? Infinity, end) - Math.max(from, begin));
    for (let round = 0; round < 20; round++) {
      const begin = random.integer(-500, 6_000);
      const end = begin + random.integer(1, 6_000);
      const step = random.integer(Math.ceil((end - begin) / 300), 4_000);
      const body = await usage(cluster, `from=${at(begin)}&to=${at(end)}&step=${step}`);
      expect(body.points).toHaveLength(Math.ceil((end - begin) / step));
      for (const [index, { allocated }] of body.points.entries()) {
        const [from, to] = [begin + index * step, Math.min(begin + (index + 1) * step, end)];
        const sum = stays.reduce((total, stay) => total + stay.cpuMillis * overlap(stay, from, to), 0);
        expect(allocated.cpu).toBeCloseTo(sum / (to - from) / 1_000, 6);
      }
      const byDeployment = new Map(body.deployments.map(({ deploymentId, cpuHours }) => [deploymentId, cpuHours]));
      for (const stay of stays) {
        const expected = (stay.cpuMillis * overlap(stay, begin, end)) / 3_600_000;
        expect(byDeployment.get(stay.id) ?? 0).toBeCloseTo(expected, 6);
      }
      for (const [key, value] of [
        ['team', 'a'],
        ['team', 'b'],
        ['tier', ''],
      ] as const) {
        const own = stays.filter(({ labels }) => labels?.[key] === value);
        const expected = own.reduce(
          (total, stay) => total + (stay.cpuMillis * overlap(stay, begin, end)) / 3_600_000,
          0,
        );
        const found = body.labels.find((label) => label.key === key && label.value === value);
        expect(found?.cpuHours ?? 0).toBeCloseTo(expected, 5);
      }
      for (const person of people) {
        const own = stays.filter(({ by }) => by === person);
        const expected = own.reduce(
          (total, stay) => total + (stay.cpuMillis * overlap(stay, begin, end)) / 3_600_000,
          0,
        );
        expect(body.members.find(({ memberId }) => memberId === person)?.cpuHours ?? 0).toBeCloseTo(expected, 5);
      }
    }
  });

  it('ends now, and begins a day before, where nothing else is said', async () => {
    const cluster = await aQuietCluster();
    const body = await usage(cluster, 'step=3600');
    expect(body.points).toHaveLength(24);
    expect(Math.abs(Date.parse(body.to) - Date.now())).toBeLessThan(10_000);
    const future = await usage(
      cluster,
      `from=${new Date(Date.now() - 60_000).toISOString()}&to=2999-01-01T00:00:00Z&step=60`,
    );
    expect(Date.parse(future.to)).toBeLessThan(Date.now() + 10_000);
  });

  const ENDS_FIRST = 'The period does not begin before it ends, which it does now at the latest.';
  it.each([
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 0, ENDS_FIRST],
    ['from=2999-01-01T00:00:00Z', 0, ENDS_FIRST],
    [
      'from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&step=1',
      86_400,
      'The period has 86400 steps, and may have 1000.',
    ],
    ['from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z&step=31536000', 7, 'The period is longer than 400 days.'],
  ])('refuses an impossible period with its reason: %s', async (query, steps, detail) => {
    const cluster = await aQuietCluster();
    const answer = await team.viewer.get(`${cluster.path}/usage?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'USAGE.PERIOD_INVALID', steps, detail } });
  });

  it('writes usage as CSV on request, in which no name is a formula', async () => {
    const cluster = await aQuietCluster();
    const id = newId();
    await live(cluster, [
      { id, name: '=cmd|"x"', by: team.admin.id, labels: { team: 'x' }, cpuMillis: 500, from: 0, to: 3_600 },
    ]);
    const period = `from=${at(0)}&to=${at(3_600)}&step=3600`;
    const csv = async (table: string): Promise<string> => {
      const answer = await team.viewer.get(`${cluster.path}/usage?${period}&table=${table}`, {
        headers: { accept: 'text/csv' },
      });
      expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
      expect(answer.headers.get('vary')).toMatch(/Accept/);
      return answer.text;
    };
    expect(await csv('deployments')).toBe(
      `deploymentId,name,cpuHours,memoryMibHours,gpuHours\r\n${id},"'=cmd|""x""",0.5,1,0\r\n`,
    );
    expect(await csv('labels')).toBe('key,value,cpuHours,memoryMibHours,gpuHours\r\nteam,x,0.5,1,0\r\n');
    expect(await csv('members')).toBe(`memberId,cpuHours,memoryMibHours,gpuHours\r\n${team.admin.id},0.5,1,0\r\n`);
    expect((await csv('points')).split('\r\n')[1]).toMatch(
      /^2026-03-01T00:00:00.000000Z,2026-03-01T01:00:00.000000Z,0.5,1,0,0.0005,/,
    );
  });
});
