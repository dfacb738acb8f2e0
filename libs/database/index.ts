export { sql } from 'kysely';
export { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
export { defineEntity, p } from '@mikro-orm/core';
export { changesOf, Database, type Fragment, preferIndexes, rowsOf, type TransactionOptions } from './database.js';
export { DatabaseModule } from './database.module.js';
export { databaseOptions, type DatabaseSettings, type Entity, SESSION_LIMITS } from './database.options.js';
export { migrate, pendingMigrations } from './migrator.js';
export { rfc3339 } from './timestamp.js';
export { constraintOf, isRetryable, sqlStateOf } from './sql-state.js';
