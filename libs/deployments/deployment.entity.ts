import { MAX_REQUEST, RESOURCES } from '#kernel';
import { defineEntity, p, timestamptz } from '#database';

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

const column = { cpuMillis: 'cpu_millis', memoryMib: 'memory_mib', gpuMillis: 'gpu_millis' } as const;

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
    submittedBy: p.uuid().columnType('uuid'),
  },
  checks: [
    {
      name: 'deployments_status_check',
      expression: `status in (${listed(DEPLOYMENT_STATUSES)})`,
    },
    ...RESOURCES.map((resource) => ({
      name: `deployments_${column[resource]}_check`,
      expression: `${column[resource]} >= 0 and ${column[resource]} <= ${MAX_REQUEST}`,
    })),
    { name: 'deployments_request_check', expression: 'cpu_millis > 0 or memory_mib > 0 or gpu_millis > 0' },
    {
      name: 'deployments_ended_check',
      expression: `(status in (${listed(TERMINAL_STATUSES)})) = (ended_at is not null)`,
    },
    { name: 'deployments_priority_check', expression: 'priority >= 0 and priority <= 100' },
    { name: 'deployments_labels_check', expression: "jsonb_typeof(labels) = 'object'" },
    { name: 'deployments_max_runtime_seconds_check', expression: 'max_runtime_seconds >= 0' },
    { name: 'deployments_queue_timeout_seconds_check', expression: 'queue_timeout_seconds >= 0' },
    { name: 'deployments_retries_check', expression: 'retries >= 0 and retries <= max_retries' },
    { name: 'deployments_preemptions_check', expression: 'preemptions >= 0' },
    { name: 'deployments_stop_cause_check', expression: `stop_cause in (${listed(STOP_CAUSES)})` },
    { name: 'deployments_stop_outcome_check', expression: `stop_outcome in (${listed(STOP_OUTCOMES)})` },
    { name: 'deployments_stop_report_check', expression: "stop_report in ('succeeded', 'failed')" },
    {
      name: 'deployments_stopping_check',
      expression: "status <> 'stopping' or num_nulls(stop_asked_at, stop_cause, stop_outcome, due_at) = 0",
    },
  ],
  indexes: [
    {
      name: 'deployments_queue_index',
      expression:
        'create index "deployments_queue_index" on "deployments" ("cluster_id", "priority", "cpu_millis", "memory_mib", "gpu_millis", "max_runtime_seconds", "queued_at", "id") where status = \'queued\'',
    },
    {
      name: 'deployments_unsettled_index',
      expression:
        'create index "deployments_unsettled_index" on "deployments" ("cluster_id", "id") where (ended_at is not null or status = \'retrying\') and released_at is null',
    },
    {
      name: 'deployments_retrying_index',
      expression:
        'create index "deployments_retrying_index" on "deployments" ("cluster_id", "id") where status = \'retrying\'',
    },
    {
      name: 'deployments_due_index',
      expression:
        'create index "deployments_due_index" on "deployments" ("cluster_id", "due_at") where due_at is not null',
    },
    {
      name: 'deployments_holders_index',
      expression: `create index "deployments_holders_index" on "deployments" ("cluster_id", "priority", "cpu_millis", "memory_mib", "gpu_millis", "due_at", "status") where status in (${listed(HOLDING_STATUSES)})`,
    },
    {
      name: 'deployments_preemptible_index',
      expression: `create index "deployments_preemptible_index" on "deployments" ("cluster_id", "priority", "scheduled_at" desc, "id") where is_preemptible and status in (${listed(HOLDING_STATUSES)})`,
    },
    {
      name: 'deployments_stopping_index',
      expression:
        'create index "deployments_stopping_index" on "deployments" ("cluster_id", "id") where status = \'stopping\'',
    },
    {
      name: 'deployments_name_unique',
      expression:
        'create unique index "deployments_name_unique" on "deployments" ("cluster_id", "name") where is_named and ended_at is null',
    },
    { name: 'deployments_cluster_index', properties: ['organizationId', 'clusterId', 'id'] },
    {
      name: 'deployments_rank_index',
      expression:
        'create index "deployments_rank_index" on "deployments" ("cluster_id", (-"priority"), "queued_at", "id") where status = \'queued\'',
    },
    { name: 'deployments_status_index', properties: ['organizationId', 'clusterId', 'status', 'id'] },
    { name: 'deployments_submitter_index', properties: ['organizationId', 'submittedBy', 'status', 'id'] },
    {
      name: 'deployments_name_index',
      expression:
        'create index "deployments_name_index" on "deployments" ("organization_id", "name" collate "C") where is_named',
    },
    {
      name: 'deployments_labels_index',
      expression:
        'create index "deployments_labels_index" on "deployments" using gin (deployment_label_terms(organization_id, labels)) where labels <> \'{}\'',
    },
  ],
});

/** A deployment: image, request, priority, and its course. Read and written by typed queries and set-based SQL. */
export { DeploymentSchema };
