import { changesOf, type EntityManager, queries, sql } from '#database';
import { byteChange } from '#organizations';
import { type Actor } from '#rbac';

import { COLUMNS, type DeploymentTables, type DeploymentView, viewOf } from '../deployment-view.js';
import { type Labels } from '../fields/labels.js';
import { editedBytesOf } from '../fields/stored-bytes.js';
import { causedBy, eventsOf } from '../states/transition-sql.js';
import { TRANSITIONS } from '../states/transitions.js';

/** Changes of a queued deployment. Omitted fields stay. */
export interface DeploymentEdit {
  readonly priority?: number;
  /** The labels as a whole: keys that are not named are removed. */
  readonly labels?: Labels;
  /** null: no limit */
  readonly queueTimeoutSeconds?: number | null;
  readonly isPreemptible?: boolean;
}

/** When the present attempt was queued, as SQL over the deployment's row: `queued_at` is the first attempt's. */
const ATTEMPT_QUEUED_AT = sql`(
  select e.at from deployment_events e
  where e.organization_id = d.organization_id and e.deployment_id = d.id
    and e.to_status = 'queued' and e.from_status is distinct from 'queued'
  order by e.sequence desc limit 1)`;

/** Writes an edit of a locked deployment, with its event. */
export async function writeEdit(
  tx: EntityManager,
  actor: Actor,
  before: DeploymentView,
  edit: DeploymentEdit,
): Promise<DeploymentView> {
  const { organizationId, id } = before;
  const { priority, labels, queueTimeoutSeconds, isPreemptible } = { ...before, ...edit };
  const seconds = queueTimeoutSeconds ?? 0;
  const dueAt = sql<string | null>`${ATTEMPT_QUEUED_AT} + nullif(${seconds}::int, 0) * interval '1 second'`;
  const row = await queries<DeploymentTables>(tx)
    .updateTable('deployments as d')
    .set((eb) => ({
      priority,
      labels: sql<Labels>`${JSON.stringify(labels)}::jsonb`,
      is_preemptible: isPreemptible,
      queue_timeout_seconds: seconds,
      version: eb('d.version', '+', 1),
      edits: eb('d.edits', '+', 1),
      ...(queueTimeoutSeconds === before.queueTimeoutSeconds ? {} : { due_at: dueAt }),
    }))
    .where('d.organization_id', '=', organizationId)
    .where('d.id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  const at = sql`greatest(statement_timestamp(), queued_at)`;
  const events = eventsOf('deployments', { ...causedBy(TRANSITIONS.edit), actor_id: sql`${actor.id}::uuid`, at });
  const bytes = sql`${editedBytesOf(before.labels, labels)}::bigint`;
  await changesOf(
    tx,
    sql`with bytes as (${byteChange(organizationId, bytes, sql`(values (1)) as once`)}) ${events} where organization_id = ${organizationId} and id = ${id}`,
  );
  return viewOf(row);
}
