export { type RawBuilder, type Selectable, sql } from 'kysely';
export { type EntityManager, type InferKyselyDB as TablesOf, MikroORM } from '@mikro-orm/postgresql';
export { defineEntity, LockMode, p } from '@mikro-orm/core';

export { Database, type TransactionOptions } from './session/database.js';
export { changesOf, type Fragment, preferIndexes, rowsOf } from './sql/statements.js';
export { CommandError, EXIT_CODE_OF_UNREACHABLE, runCommand, unreachable } from './commands/command.js';
export { DatabaseModule } from './database.module.js';
export {
  databaseOptions,
  type DatabaseSettings,
  type Entity,
  readPoolOf,
  SESSION_LIMITS,
} from './session/database.options.js';
export { databaseUrlFor } from './commands/local-database.js';
export { migrate, pendingMigrations } from './upgrade/migrator.js';
export { exactlyOne } from './sql/exactly-one.js';
export { queries } from './sql/queries.js';
export { firstIdAfter, timeOfId } from './sql/id-time.js';
export { assertSession } from './session/session-check.js';
export { databaseTime, rfc3339, timestamptz } from './sql/timestamp.js';
export { lockedEntity } from './sql/locked.js';
export {
  amountArrays,
  amountColumns,
  sameShape,
  selectAmounts,
  selectShape,
  SHAPE_COLUMNS,
  shapeArrays,
  shapeColumns,
} from './sql/shape-columns.js';
export { constraintOf, isRetryable, sqlStateOf } from './sql/sql-state.js';
export { preparedRowsOf } from './session/prepared-statements.js';
export { upgradeReport, type UpgradeReport } from './upgrade/upgrade-report.js';
export { MIGRATIONS } from './migrations/index.js';
