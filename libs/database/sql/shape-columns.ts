import { sql } from 'kysely';

import { type Resource, type ResourceAmounts, RESOURCES, type ShapeKey } from '#kernel';

import { type Fragment } from './statements.js';

// The one place that knows in which columns a shape lies. A table of shapes has these columns under these names; 0 in
// `max_runtime_seconds` is "not declared", since columns of a key are not null.

const AMOUNT_COLUMNS: Readonly<Record<Resource, string>> = {
  cpuMillis: 'cpu_millis',
  memoryMib: 'memory_mib',
  gpuMillis: 'gpu_millis',
};

const AMOUNTS = RESOURCES.map((resource) => AMOUNT_COLUMNS[resource]);
const SHAPE = ['priority', ...AMOUNTS, 'max_runtime_seconds'];

/** The columns of a shape, for SQL that is put together as text. */
export const SHAPE_COLUMNS = SHAPE.join(', ');

/** The columns of an amount of each resource, for any list of columns. `table` is an alias written by a developer. */
export function amountColumns(table?: string): Fragment {
  return sql.raw(AMOUNTS.map((column) => of(table, column)).join(', '));
}

/** The columns of an amount of each resource under the names of {@link ResourceAmounts}, for a select list. */
export function selectAmounts(table?: string): Fragment {
  return sql.raw(RESOURCES.map((resource) => `${of(table, AMOUNT_COLUMNS[resource])} as "${resource}"`).join(', '));
}

/** Amounts as arrays, one for each of {@link amountColumns}, for `unnest`. */
export function amountArrays(amounts: readonly ResourceAmounts[]): Fragment {
  return sql.join(RESOURCES.map((resource) => sql`${amounts.map((one) => one[resource])}::int[]`));
}

/** The columns of a shape, for any list of columns. `table` is an alias written by a developer. */
export function shapeColumns(table?: string): Fragment {
  return sql.raw(SHAPE.map((column) => of(table, column)).join(', '));
}

/** The columns of a shape under the names of {@link ShapeKey}, for a select list. */
export function selectShape(table?: string): Fragment {
  return sql`${sql.raw(of(table, 'priority'))}, ${selectAmounts(table)},
    nullif(${sql.raw(of(table, 'max_runtime_seconds'))}, 0) as "maxRuntimeSeconds"`;
}

/** Shapes as arrays, one for each of {@link shapeColumns}, for `unnest`. */
export function shapeArrays(shapes: readonly ShapeKey[]): Fragment {
  return sql`${shapes.map(({ priority }) => priority)}::smallint[], ${amountArrays(shapes)},
    ${shapes.map(({ maxRuntimeSeconds }) => maxRuntimeSeconds ?? 0)}::int[]`;
}

/** The condition that rows of two tables have one shape. */
export function sameShape(one: string, other: string): Fragment {
  return sql.raw(SHAPE.map((column) => `${of(one, column)} = ${of(other, column)}`).join(' and '));
}

function of(table: string | undefined, column: string): string {
  return table === undefined ? column : `${table}.${column}`;
}
