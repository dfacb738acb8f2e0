import { type MigrationObject } from '@mikro-orm/core';

import { Schema } from './0001-schema.js';

/** Every migration, oldest first. Databases record the names: once released, none is changed or removed. */
export const MIGRATIONS: readonly MigrationObject[] = [{ name: '0001-schema', class: Schema }];
