import { type DynamicModule, Global, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { MikroORM } from '@mikro-orm/postgresql';

import { CommandError } from './commands/command.js';
import { Database } from './session/database.js';
import { databaseOptions, type DatabaseSettings, type Entity } from './session/database.options.js';
import { assertSession, ownsTables } from './session/session-check.js';

/** Gives the process its {@link Database}, and closes it last, when everything that uses it has stopped. */
@Global()
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(private readonly database: Database) {}

  /** @param entities every entity of the process: apps list them, so that nothing depends on what was imported first */
  static forRoot(settings: DatabaseSettings, entities: readonly Entity[]): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        {
          provide: Database,
          useFactory: async () => {
            const { poolMax, readPoolMax = 0 } = settings;
            const open = (most: number): Promise<MikroORM> =>
              MikroORM.init(databaseOptions({ ...settings, poolMax: most }, entities));
            const orm = await open(poolMax - readPoolMax);
            const reads = readPoolMax === 0 ? undefined : { orm: await open(readPoolMax), connections: readPoolMax };
            const database = new Database(orm, assertSession, reads);
            // A database that is away at the start is waited for: the first transaction checks its session.
            await database.checkSession().catch((error: unknown) => {
              if (error instanceof CommandError) throw error;
            });
            if (settings.isProduction === true) await warnOfOwnership(database);
            return database;
          },
        },
      ],
      exports: [Database],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}

async function warnOfOwnership(database: Database): Promise<void> {
  if (!(await ownsTables(database.reader()).catch(() => false))) return;
  new Logger(DatabaseModule.name).warn(
    'the role of DATABASE_URL owns the tables, and could disable the triggers that keep the ledger and the audit log append-only: ' +
      'give the migration a role of its own (STOWAGE_MIGRATION_URL)',
  );
}
