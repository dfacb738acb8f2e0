import { type MigrationObject } from '@mikro-orm/core';
import { type Migration } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';

import { databaseOptions } from '#database';

/** The SQL of one migration. */
export interface MigrationSql {
  readonly name: string;
  readonly statements: readonly string[];
  readonly isTransactional: boolean;
}

/** The name of a table. */
const NAME = String.raw`"?(\w+)"?`;

interface Rule {
  readonly what: string;
  readonly pattern: RegExp;
  /** What to do instead, for the author of the migration. */
  readonly instead: string;
  /** Whether it is harmless on a table that this very migration makes. */
  readonly isFineOnNew: boolean;
}

const RULES: readonly Rule[] = [
  {
    what: 'an index that is not made concurrently',
    pattern: new RegExp(String.raw`^create (?:unique )?index (?!concurrently)[^(]*? on ${NAME}`, 'i'),
    instead: 'create index concurrently, in a migration of its own that is not transactional',
    isFineOnNew: true,
  },
  {
    what: 'an index that is dropped under a lock',
    pattern: /^drop index (?!concurrently)(\w+)?/i,
    instead: 'drop index concurrently, in a migration of its own that is not transactional',
    isFineOnNew: false,
  },
  {
    what: 'a constraint that reads the whole table under a lock',
    pattern: new RegExp(
      String.raw`^alter table ${NAME}(?=.*\badd (?:constraint|check|foreign key)\b)(?!.*\bnot valid\b)(?!.*\busing index\b)`,
      'is',
    ),
    instead: 'add it not valid, and validate it in a migration of its own',
    isFineOnNew: true,
  },
  {
    what: 'a column that becomes not null by reading the whole table under a lock',
    pattern: new RegExp(String.raw`^alter table ${NAME}.*\bset not null\b`, 'is'),
    instead: 'add a check constraint not valid, and validate it',
    isFineOnNew: true,
  },
  {
    what: 'a column whose type changes, which rewrites the table',
    pattern: new RegExp(String.raw`^alter table ${NAME}.*\balter (?:column )?"?\w+"? (?:set data )?type\b`, 'is'),
    instead: 'add a column, fill it in batches, and switch over',
    isFineOnNew: true,
  },
  {
    what: 'something that the processes of the release before still use',
    pattern: new RegExp(String.raw`^alter table ${NAME}.*\b(?:drop column|rename)\b|^drop table`, 'is'),
    instead: 'stop using it in one release, and remove it in the next, with an entry among the exceptions of the test',
    isFineOnNew: true,
  },
  {
    what: 'rows that change all at once',
    pattern: new RegExp(String.raw`^(?:update ${NAME}|delete from)`, 'i'),
    instead: 'let the code fill it as it goes, or batches in a command of its own',
    isFineOnNew: true,
  },
  {
    what: 'a lock on everything',
    pattern: /^(?:lock|vacuum full|cluster|truncate|reindex(?! .*concurrently))\b/i,
    instead: 'nothing that runs while others work needs it',
    isFineOnNew: false,
  },
];

/** What is wrong with a migration that is to run while everything goes on; empty when nothing is. */
export function faultsOf({ name, statements, isTransactional }: MigrationSql): string[] {
  const plain = statements.map((statement) => statement.replaceAll(/--.*$/gm, '').replaceAll(/\s+/g, ' ').trim());
  const made = new Set(
    plain.flatMap((sql) => new RegExp(`^create table (?:if not exists )?${NAME}`, 'i').exec(sql)?.[1] ?? []),
  );
  const faults = plain.flatMap((sql) =>
    RULES.flatMap(({ what, pattern, instead, isFineOnNew }) => {
      const match = pattern.exec(sql);
      if (match === null || (isFineOnNew && match[1] !== undefined && made.has(match[1]))) return [];
      return [`${name}: ${what} (${sql.slice(0, 80)}): ${instead}`];
    }),
  );
  const isConcurrent = plain.some((sql) => /\bconcurrently\b/i.test(sql));
  if (isConcurrent && isTransactional) faults.push(`${name}: what is concurrent cannot be in a transaction`);
  if (!isTransactional && plain.some((sql) => !/\b(concurrently|validate constraint)\b/i.test(sql))) {
    faults.push(
      `${name}: what is not in a transaction must be possible to repeat: only concurrent indexes and validation are`,
    );
  }
  return faults;
}

type Constructor = new (...args: unknown[]) => Migration;

/** The same of migrations as they are, without a database. */
export async function faultsOfMigrations(migrations: readonly MigrationObject[]): Promise<string[]> {
  const nowhere = { url: 'postgresql://none@127.0.0.1:1/none', poolMax: 2, applicationName: 'none' };
  const orm = new MikroORM(databaseOptions(nowhere, []));
  const faults: string[] = [];
  for (const { name, class: constructor } of migrations) {
    const migration = new (constructor as Constructor)(orm.em.getDriver(), orm.config);
    await migration.up();
    const statements = migration.getQueries().map(String);
    faults.push(...faultsOf({ name, statements, isTransactional: migration.isTransactional() }));
  }
  return faults;
}
