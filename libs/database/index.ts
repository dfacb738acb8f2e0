export { sql } from 'kysely';
export { type EntityManager, type InferKyselyDB as TablesOf, MikroORM } from '@mikro-orm/postgresql';
export { defineEntity, LockMode, p } from '@mikro-orm/core';

export { changesOf, Database, type Fragment, preferIndexes, rowsOf, type TransactionOptions } from './database.js';
export { CommandError, EXIT_CODE_OF_UNREACHABLE, runCommand, unreachable } from './command.js';
export { DatabaseModule } from './database.module.js';
export { databaseOptions, type DatabaseSettings, type Entity, SESSION_LIMITS } from './database.options.js';
export { databaseUrlFor } from './local-database.js';
export { migrate, pendingMigrations } from './migrator.js';
export { exactlyOne } from './exactly-one.js';
export { queries } from './queries.js';
export { firstIdAfter, timeOfId } from './id-time.js';
export { assertSessionLimits } from './session-check.js';
export { rfc3339, timestamptz } from './timestamp.js';
export {
  amountArrays,
  amountColumns,
  sameShape,
  selectAmounts,
  selectShape,
  SHAPE_COLUMNS,
  shapeArrays,
  shapeColumns,
} from './shape-columns.js';
export { constraintOf, isRetryable, sqlStateOf } from './sql-state.js';
export { preparedRowsOf } from './prepared-statements.js';
export { upgradeReport, type UpgradeReport } from './upgrade-report.js';
export { MIGRATIONS } from './migrations/index.js';
