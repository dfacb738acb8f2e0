import { MAX_REQUEST } from '#kernel';
import { defineEntity, p, SHAPE_COLUMNS, timestamptz } from '#database';

import {
  DEPLOYMENT_STATUSES,
  type DeploymentStatus,
  HOLDING_STATUSES,
  STOP_CAUSES,
  STOP_OUTCOMES,
  type StopCause,
  type StopOutcome,
} from './states/deployment-status.js';
import { TERMINAL_STATUSES } from './states/transitions.js';
import { type Labels } from './fields/labels.js';

const listed = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ');

const check = (name: string, expression: string) => ({ name: `deployments_${name}_check`, expression });

/** An index with an expression or a condition, which the ORM takes as text. */
const index = (suffix: string, definition: string) => {
  const name = `deployments_${suffix}_index`;
  return { name, expression: `create index ${name} on deployments ${definition}` };
};

/** The bytes that a deployment counts, as the migration has them. */
const STORED_BYTES = `2048 + 1024 * retries + 256 * edits::bigint
  + octet_length(name) + octet_length(image) + coalesce(octet_length(normalized_image), 0) + octet_length(labels::text)
  + coalesce(octet_length(spec::text), 0) + coalesce(octet_length(message), 0)`;

const DeploymentSchema = defineEntity({
  name: 'Deployment',
  tableName: 'deployments',
  primaryKeys: ['organizationId', 'id'],
  properties: {
    organizationId: p.uuid().primary(),
    id: p.uuid().primary(),
    clusterId: p.uuid().columnType('uuid'),
    name: p.text(),
    isNamed: p.boolean().default(false),
    image: p.text(),
    normalizedImage: p.text().nullable(),
    cpuMillis: p.integer(),
    memoryMib: p.integer(),
    gpuMillis: p.integer(),
    priority: p.smallint(),
    maxRuntimeSeconds: p.integer().default(0),
    queueTimeoutSeconds: p.integer().default(0),
    maxRetries: p.smallint().default(0),
    retries: p.smallint().default(0),
    status: p.text().$type<DeploymentStatus>().default('queued'),
    attempt: p.integer().default(1),
    version: p.integer().default(1),
    queuedAt: timestamptz.defaultRaw('now()'),
    scheduledAt: timestamptz.nullable(),
    startedAt: timestamptz.nullable(),
    endedAt: timestamptz.nullable(),
    releasedAt: timestamptz.nullable(),
    dueAt: timestamptz.nullable(),
    message: p.text().nullable(),
    labels: p.json<Labels>().columnType('jsonb').defaultRaw("'{}'"),
    isPreemptible: p.boolean().default(false),
    preemptions: p.integer().default(0),
    stopAskedAt: timestamptz.nullable(),
    stopCause: p.text().$type<StopCause>().nullable(),
    stopOutcome: p.text().$type<StopOutcome>().nullable(),
    stopReport: p.text().$type<'succeeded' | 'failed'>().nullable(),
    spec: p.json<object>().columnType('json').nullable(),
    edits: p.integer().default(0),
    storedBytes: p.bigint('number').generated(`(${STORED_BYTES}) stored`),
    submittedBy: p.uuid().columnType('uuid'),
  },
  checks: [
    check('status', `status in (${listed(DEPLOYMENT_STATUSES)})`),
    ...['cpu_millis', 'memory_mib', 'gpu_millis'].map((column) =>
      check(column, `${column} >= 0 and ${column} <= ${MAX_REQUEST}`),
    ),
    check('request', 'cpu_millis > 0 or memory_mib > 0 or gpu_millis > 0'),
    check('ended', `(status in (${listed(TERMINAL_STATUSES)})) = (ended_at is not null)`),
    check('priority', 'priority >= 0 and priority <= 100'),
    check('labels', "jsonb_typeof(labels) = 'object'"),
    check('max_runtime_seconds', 'max_runtime_seconds >= 0'),
    check('queue_timeout_seconds', 'queue_timeout_seconds >= 0'),
    check('retries', 'retries >= 0 and retries <= max_retries'),
    check('preemptions', 'preemptions >= 0'),
    check('stop_cause', `stop_cause in (${listed(STOP_CAUSES)})`),
    check('stop_outcome', `stop_outcome in (${listed(STOP_OUTCOMES)})`),
    check('stop_report', "stop_report in ('succeeded', 'failed')"),
    check('stopping', "status <> 'stopping' or num_nulls(stop_asked_at, stop_cause, stop_outcome, due_at) = 0"),
  ],
  indexes: [
    index('queue', `(cluster_id, ${SHAPE_COLUMNS}, queued_at, id) where status = 'queued'`),
    index('unsettled', "(cluster_id, id) where (ended_at is not null or status = 'retrying') and released_at is null"),
    index('retrying', "(cluster_id, id) where status = 'retrying'"),
    index('due', '(cluster_id, due_at) where due_at is not null'),
    index(
      'holders',
      `(cluster_id, priority, cpu_millis, memory_mib, gpu_millis, due_at, status) where status in (${listed(HOLDING_STATUSES)})`,
    ),
    index(
      'preemptible',
      `(cluster_id, priority, scheduled_at desc, id) where is_preemptible and status in (${listed(HOLDING_STATUSES)})`,
    ),
    index('stopping', "(cluster_id, id) where status = 'stopping'"),
    {
      name: 'deployments_name_unique',
      expression:
        'create unique index deployments_name_unique on deployments (cluster_id, name) where is_named and ended_at is null',
    },
    { name: 'deployments_cluster_index', properties: ['organizationId', 'clusterId', 'id'] },
    index('rank', "(cluster_id, (-priority), queued_at, id) where status = 'queued'"),
    { name: 'deployments_status_index', properties: ['organizationId', 'clusterId', 'status', 'id'] },
    { name: 'deployments_submitter_index', properties: ['organizationId', 'submittedBy', 'status', 'id'] },
    index('name', '(organization_id, name collate "C") where is_named'),
    index('labels', "using gin (deployment_label_terms(organization_id, labels)) where labels <> '{}'"),
  ],
});

/** A deployment: image, request, priority, and its course. Read and written by typed queries and set-based SQL. */
export { DeploymentSchema };
