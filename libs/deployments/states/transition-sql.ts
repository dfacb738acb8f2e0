import { type Fragment, sql } from '#database';

import { type Transition } from './transitions.js';

/** A transition of rows that have one of its statuses, and the condition under which it applies to them. */
export interface Choice {
  readonly transition: Transition;
  /** Always, where it is left out. */
  readonly when?: Fragment;
}

/** SQL for the new status or the cause of a row: that of the first choice that applies. `status` is the column with the old status. */
export function chosen(choices: readonly Choice[], part: 'to' | 'cause', status: string): Fragment {
  const cases = choices.map(
    ({ transition, when }) =>
      sql`when ${sql.ref(status)} in (${sql.join(transition.from.map((from) => sql.lit(from)))})
          ${when === undefined ? sql`` : sql`and ${when}`} then ${sql.lit(transition[part])}`,
  );
  return sql`case ${sql.join(cases, sql` `)} end`;
}

type EventColumn =
  | 'from_status'
  | 'cause'
  | 'actor_id'
  | 'pass_id'
  | 'at'
  | 'until'
  | 'preemptor_id'
  | 'preemptor_priority'
  | 'lost_seconds';

/** Columns of the events of a transition from one status. */
export function causedBy({ from: [status], cause }: Transition): Partial<Record<EventColumn, Fragment>> {
  return { cause: sql.lit(cause), ...(status === undefined ? {} : { from_status: sql.lit(status) }) };
}

/** SQL that inserts an event for each row of `rows`, which has the columns of `deployments` as they are after the transition. */
export function eventsOf(rows: string, columns: Partial<Record<EventColumn, Fragment>>): Fragment {
  const others = {
    deployment_id: sql`id`,
    sequence: sql`version`,
    cluster_id: sql`cluster_id`,
    attempt: sql`attempt`,
    to_status: sql`status`,
    ...columns,
  };
  return sql`insert into deployment_events (organization_id, ${sql.raw(Object.keys(others).join(', '))})
    select organization_id, ${sql.join(Object.values(others))} from ${sql.raw(rows)}`;
}
