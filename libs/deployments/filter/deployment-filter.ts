import { type Fragment, sql } from '#database';

import { type DeploymentStatus } from '../states/deployment-status.js';
import { type LabelRequirement, type LabelSelector } from './label-selector.js';

/** A filter of deployments of an organization. All given conditions must hold. */
export interface DeploymentFilter {
  readonly clusterId?: string | undefined;
  /** One of these; an empty list means any. */
  readonly statuses?: readonly DeploymentStatus[] | undefined;
  readonly labels?: LabelSelector | undefined;
  readonly submittedBy?: string | undefined;
  /** Queued at this time or later, in RFC 3339. */
  readonly queuedFrom?: string | undefined;
  /** Queued before this time, in RFC 3339. */
  readonly queuedBefore?: string | undefined;
  /** The given name; generated names never match. */
  readonly name?: string | undefined;
  /** The prefix of a given name; generated names never match. */
  readonly namePrefix?: string | undefined;
  readonly minPriority?: number | undefined;
  readonly maxPriority?: number | undefined;
}

/** The conditions of a filter on a row of `deployments`, as SQL that begins with `and` unless it is empty; the table must be called `d`. */
export function filterCondition(filter: DeploymentFilter): Fragment {
  const { clusterId, statuses, submittedBy, labels = [] } = filter;
  return sql`
    ${clusterId === undefined ? sql`` : sql`and d.cluster_id = ${clusterId}`}
    ${statuses === undefined || statuses.length === 0 ? sql`` : sql`and d.status = any(${[...statuses]}::text[])`}
    ${submittedBy === undefined ? sql`` : sql`and d.submitted_by = ${submittedBy}`}
    ${timeCondition(filter)} ${nameCondition(filter)} ${priorityCondition(filter)} ${selectorCondition(labels)}`;
}

/** The condition that a deployment was queued within the filter's times. */
export function timeCondition({ queuedFrom, queuedBefore }: DeploymentFilter): Fragment {
  return sql`
    ${queuedFrom === undefined ? sql`` : sql`and d.queued_at >= ${queuedFrom}`}
    ${queuedBefore === undefined ? sql`` : sql`and d.queued_at < ${queuedBefore}`}`;
}

/**
 * That a deployment was given a name, and that it is or begins as the filter says. Nothing in the prefix has a meaning of its own.
 *
 * Compared like this, the mark of given names leads into no index: that of names would serve any statement that says it as it does itself.
 */
export function nameCondition({ name, namePrefix }: DeploymentFilter): Fragment {
  const isNamed = sql`and d.is_named is not distinct from true`;
  return sql`
    ${name === undefined ? sql`` : sql`${isNamed} and d.name = ${name}`}
    ${namePrefix === undefined ? sql`` : sql`${isNamed} and starts_with(d.name, ${namePrefix})`}`;
}

/** That a deployment's priority is in the filter's range, both ends included. */
export function priorityCondition({ minPriority, maxPriority }: DeploymentFilter): Fragment {
  return sql`
    ${minPriority === undefined ? sql`` : sql`and d.priority >= ${minPriority}`}
    ${maxPriority === undefined ? sql`` : sql`and d.priority <= ${maxPriority}`}`;
}

/** That a deployment's labels meet every requirement. */
export function selectorCondition(selector: LabelSelector): Fragment {
  return sql.join(
    selector.map((requirement) => sql`and ${requirementCondition(requirement)}`),
    sql` `,
  );
}

function requirementCondition({ key, operator, values }: LabelRequirement): Fragment {
  switch (operator) {
    case 'in':
      return sql`d.labels ->> ${key}::text = any(${[...values]}::text[])`;
    case 'not-in':
      return sql`coalesce(d.labels ->> ${key}::text <> all(${[...values]}::text[]), true)`;
    case 'exists':
      return sql`d.labels ->> ${key}::text is not null`;
    case 'absent':
      return sql`d.labels ->> ${key}::text is null`;
  }
}
