import { type Client } from 'pg';

import { newId } from '#kernel';

/** What an installation holds. */
export interface FilledInstallation {
  readonly organizationId: string;
  readonly clusterId: string;
  /** Status by id, as it was left. */
  readonly deployments: ReadonlyMap<string, string>;
}

const CAPACITY = 10_000;
const EACH = 1_000;

/** Writes an installation that was stopped in the middle of its work: a cluster of ten cores with deployments in several states, and their ledger. */
export async function fillInstallation(client: Client): Promise<FilledInstallation> {
  const [userId, organizationId, clusterId, passId] = [newId(), newId(), newId(), newId()];
  await client.query(
    `insert into users (id, username, username_key, password_hash) values ($1, 'ada', 'ada', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA')`,
    [userId],
  );
  await client.query(`insert into organizations (id, name, created_by) values ($1, 'Vision Lab', $2)`, [
    organizationId,
    userId,
  ]);
  await client.query(`insert into memberships (organization_id, user_id, role) values ($1, $2, 'admin')`, [
    organizationId,
    userId,
  ]);
  await client.query(
    `insert into clusters (id, organization_id, name, name_key, capacity_cpu_millis, capacity_memory_mib, capacity_gpu_millis,
                           allocated_cpu_millis, allocated_memory_mib, created_by)
     values ($1, $2, 'pool', 'pool', ${CAPACITY}, 1000000, 0, ${2 * EACH}, 2, $3)`,
    [clusterId, organizationId, userId],
  );
  const deployments = await fillDeployments(client, { organizationId, clusterId, userId, passId });
  await client.query(
    `insert into queue_shapes (organization_id, cluster_id, priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds, waiting)
     values ($1, $2, 50, ${EACH}, 1, 0, 0, 3)`,
    [organizationId, clusterId],
  );
  await client.query(
    `insert into passes (id, organization_id, cluster_id, triggers, started_at, waiting, shapes, placed, released, timed_out, is_partial,
                         certificate, durations_ms)
     values ($1, $2, $3, array['submitted'], now(), 9, 1, 5, 0, 0, false,
             '{"optimal": true, "stopped": "none", "steps": 1, "levels": [], "utilization": {"value": 0, "upperBound": 0}}',
             '{"settle": 1, "snapshot": 1, "plan": 1, "apply": 1}')`,
    [passId, organizationId, clusterId],
  );
  // As a worker leaves it that stops in the middle: the queue is announced.
  await client.query(
    `insert into cluster_signals (organization_id, cluster_id, reason) values ($1, $2, 'more-to-do')`,
    [organizationId, clusterId],
  );
  return { organizationId, clusterId, deployments };
}

interface Ids {
  readonly organizationId: string;
  readonly clusterId: string;
  readonly userId: string;
  readonly passId: string;
}

/** Deployments in all states, with their events and the entries of their ledger. @returns their status by id */
async function fillDeployments(client: Client, ids: Ids): Promise<Map<string, string>> {
  const { organizationId, clusterId, userId, passId } = ids;
  const deployments = new Map<string, string>();
  const statuses = [
    'scheduled',
    'running',
    'succeeded',
    'failed',
    'timed_out',
    'cancelled',
    'queued',
    'queued',
    'queued',
  ];
  for (const [index, status] of statuses.entries()) {
    const id = newId();
    deployments.set(id, status);
    const ran = status !== 'queued' && status !== 'cancelled';
    const ended = ran && status !== 'scheduled' && status !== 'running';
    await client.query(
      `insert into deployments (organization_id, id, cluster_id, name, image, cpu_millis, memory_mib, gpu_millis, priority, status,
                                version, queued_at, scheduled_at, started_at, ended_at, released_at, submitted_by)
       values ($1, $2, $3, $4, 'app', ${EACH}, 1, 0, 50, $5, 2, now() - interval '2 days',
               case when $6 then now() - interval '1 day' end, case when $5 = 'running' then now() - interval '1 day' end,
               case when $7 then now() - interval '1 hour' end, case when $7 then now() - interval '1 hour' end, $8)`,
      [organizationId, id, clusterId, `old-${index}`, status, ran, ended || status === 'cancelled', userId],
    );
    await client.query(
      `insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, to_status, cause)
       values ($1, $2, 1, $3, 1, 'queued', 'submitted')`,
      [organizationId, id, clusterId],
    );
    for (const kind of ran ? (ended ? ['allocate', 'release'] : ['allocate']) : []) {
      await client.query(
        `insert into ledger_entries (organization_id, cluster_id, deployment_id, attempt, kind, cpu_millis, memory_mib, gpu_millis, pass_id)
         values ($1, $2, $3, 1, $4, ${EACH}, 1, 0, $5)`,
        [organizationId, clusterId, id, kind, passId],
      );
    }
  }
  return deployments;
}
