import { type MigrationObject } from '@mikro-orm/core';
import { Migration } from '@mikro-orm/migrations';

/** Tables that processes write all the time. */
const BUSY = [
  'clusters',
  'cluster_signals',
  'deployments',
  'deployment_events',
  'ledger_entries',
  'passes',
  'queue_shapes',
];

/** Tables that are read at each request. */
const ASKED = ['memberships', 'organizations', 'sessions', 'users'];

class MakesTables extends Migration {
  override up(): void {
    this.addSql(`
      create table next_notes (
        organization_id uuid not null, deployment_id uuid not null, note text not null,
        foreign key (organization_id, deployment_id) references deployments (organization_id, id) on delete cascade
      )`);
    this.addSql('create index next_notes_index on next_notes (organization_id, deployment_id)');
  }
}

class AddsColumns extends Migration {
  override up(): void {
    for (const table of [...BUSY, ...ASKED])
      this.addSql(`alter table ${table} add column next_word text not null default ''`);
    for (const table of BUSY) this.addSql(`alter table ${table} add column next_number int`);
  }
}

class AddsConstraints extends Migration {
  override up(): void {
    for (const table of BUSY) {
      this.addSql(`alter table ${table} add constraint ${table}_next_check check (next_number >= 0) not valid`);
    }
  }
}

class ValidatesConstraints extends Migration {
  override isTransactional(): boolean {
    return false;
  }

  override up(): void {
    for (const table of BUSY) this.addSql(`alter table ${table} validate constraint ${table}_next_check`);
  }
}

class MakesIndexes extends Migration {
  override isTransactional(): boolean {
    return false;
  }

  override up(): void {
    for (const table of BUSY) {
      this.addSql(`drop index concurrently if exists ${table}_next_index`);
      this.addSql(`create index concurrently ${table}_next_index on ${table} (next_word)`);
    }
  }
}

/**
 * What the migrations of a next release may do, all of it, to the tables that are never at rest. A rolling upgrade to
 * a release that does not exist cannot be tested; but this release can meet all that the rules for migrations allow the next one.
 */
export const NEXT_RELEASE: readonly MigrationObject[] = [
  { name: '9001-makes-tables', class: MakesTables },
  { name: '9002-adds-columns', class: AddsColumns },
  { name: '9003-adds-constraints', class: AddsConstraints },
  { name: '9004-validates-constraints', class: ValidatesConstraints },
  { name: '9005-makes-indexes', class: MakesIndexes },
];
