import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { aPerson, aTeam, type Person, type Team } from '../support/people.js';
import { Stowage } from '../support/stowage.js';

const DAY_MS = 86_400_000;

interface Kept {
  kind: string;
  setting: string | null;
  keptForSeconds: number | null;
  oldestAt: string | null;
  overdue: number;
}

/** An id that was made at that time. */
const idAt = (atMs: number): string => {
  const hex = atMs.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}${newId().slice(13)}`;
};

// No worker runs: what is past its time stays.
describe('the state of retention', () => {
  let stowage: Stowage;
  let team: Team;
  let cluster: TestCluster;
  let operator: Person;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 1 });
    operator = await aPerson(stowage.client, 'operator');
    await sql('update users set is_operator = true where id = $1', operator.id);
  });

  afterAll(async () => {
    await stowage.stop();
  });

  const sql = async (text: string, ...values: unknown[]): Promise<void> =>
    withClient(stowage.database.url, async (client) => {
      await client.query('set session_replication_role = replica');
      await client.query(text, values);
    });

  const kept = async (): Promise<Record<string, Kept>> => {
    const { status, body } = await operator.get<{ items: Kept[] }>('/v1/admin/retention');
    expect(status).toBe(200);
    return Object.fromEntries(body.items.map((item) => [item.kind, item]));
  };

  const aged = async (days: number): Promise<number> => {
    const id = await cluster.submit();
    await cluster.cancel(id);
    const atMs = Date.now() - days * DAY_MS;
    const at = new Date(atMs);
    await sql(
      `update deployments set id = $2, queued_at = $3, ended_at = $3, released_at = $3 where id = $1`,
      id,
      idAt(atMs),
      at,
    );
    return atMs;
  };

  it('shows retention to operators only', async () => {
    expect((await team.admin.get('/v1/admin/retention')).status).toBe(403);
    const asked = await operator.get<{ code: string }>('/v1/admin/retention?kind=passes');
    expect([asked.status, asked.body.code]).toEqual([400, 'REQUEST.INVALID']);
    const found = await kept();
    expect(
      Object.values(found).map(({ kind, setting, keptForSeconds, overdue }) => [
        kind,
        setting,
        keptForSeconds,
        overdue,
      ]),
    ).toEqual([
      ['deployments', 'STOWAGE_DEPLOYMENT_RETENTION_DAYS', 90 * 86_400, 0],
      ['usage-sums', 'STOWAGE_USAGE_RETENTION_DAYS', 1_100 * 86_400, 0],
      ['passes', 'STOWAGE_PASS_RETENTION_DAYS', 30 * 86_400, 0],
      ['pass-snapshots', 'STOWAGE_PASS_SNAPSHOT_HOURS', 48 * 3_600, 0],
      ['decisions', 'STOWAGE_DECISION_LOG_DAYS', 7 * 86_400, 0],
      ['idempotent-answers', null, 86_400, 0],
      ['audit-entries', null, null, 0],
    ]);
    expect(found['usage-sums']?.oldestAt).toBeNull();
    expect(Date.parse(found['audit-entries']?.oldestAt ?? '')).toBeLessThan(Date.now() + DAY_MS);
  });

  it('shows the oldest ended deployment, and counts the expired ones without queued ones', async () => {
    const waiting = await cluster.submit();
    await sql('update deployments set id = $2 where id = $1', waiting, idAt(Date.now() - 300 * DAY_MS));
    await aged(89);
    expect((await kept())['deployments']?.overdue).toBe(0);
    await aged(91);
    const oldestMs = await aged(200);
    const { deployments } = await kept();
    expect(deployments).toMatchObject({ overdue: 2, oldestAt: expect.stringMatching(/Z$/) });
    expect(Date.parse(deployments?.oldestAt ?? '')).toBe(oldestMs);
  });

  it('shows the oldest row of every other kind, and counts the expired ones', async () => {
    const atMs = (days: number): number => Date.now() - days * DAY_MS;
    const [oldUse, oldPass, oldSight, oldAnswer] = [atMs(1_101), atMs(31), atMs(3), atMs(0.9)].map(Math.trunc) as [
      number,
      number,
      number,
      number,
    ];
    for (const closedMs of [oldUse, atMs(1_099)]) {
      await sql(
        `insert into usage_sums (organization_id, cluster_id, deployment_id, attempt, name, submitted_by, labels, opened_at, closed_at, cpu_millis, memory_mib, gpu_millis)
         values ($1, $2, $3, 1, 'app', $3, '{}', $4, $4, 1, 1, 0)`,
        team.organizationId,
        cluster.id,
        newId(),
        new Date(closedMs),
      );
    }
    for (const passMs of [oldPass, atMs(29)]) {
      await sql(
        `insert into passes (id, organization_id, cluster_id, triggers, started_at, waiting, shapes, placed, released, timed_out, is_partial, certificate, durations_ms)
         values ($1, $2, $3, array['cluster-changed'], now(), 0, 0, 0, 0, 0, false, '{}', '{}')`,
        idAt(Math.trunc(passMs)),
        team.organizationId,
        cluster.id,
      );
    }
    for (const sightMs of [oldSight, atMs(1)]) {
      await sql(
        `insert into pass_snapshots (pass_id, organization_id, cluster_id, snapshot) values ($1, $2, $3, '')`,
        idAt(Math.trunc(sightMs)),
        team.organizationId,
        cluster.id,
      );
    }
    // Young enough: every process of the API removes the others.
    await sql(
      `insert into idempotent_answers (id, request_digest, answer, created_at) values ('a', '', '', $1)`,
      new Date(oldAnswer),
    );

    const found = await kept();
    expect(
      ['usage-sums', 'passes', 'pass-snapshots', 'idempotent-answers'].map((kind) => [
        kind,
        Date.parse(found[kind]?.oldestAt ?? ''),
        found[kind]?.overdue,
      ]),
    ).toEqual([
      ['usage-sums', oldUse, 1],
      ['passes', oldPass, 1],
      ['pass-snapshots', oldSight, 1],
      ['idempotent-answers', oldAnswer, 0],
    ]);
  });
});
