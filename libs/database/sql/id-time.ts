import { sql } from 'kysely';

import { type Fragment } from './statements.js';

/** The smallest id that can have been made so long ago: ids begin with their time. */
export function firstIdAfter(age: Fragment): Fragment {
  return sql`(lpad(to_hex((extract(epoch from now() - ${age}) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`;
}

/** When an id was made, to the millisecond. */
export function timeOfId(id: Fragment): Fragment {
  return sql`to_timestamp(('x' || left(replace(${id}::text, '-', ''), 12))::bit(48)::bigint / 1000.0)`;
}
