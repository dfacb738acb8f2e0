import { describe, expect, it } from '@jest/globals';

import { MIGRATIONS } from '#database';

import { faultsOf, faultsOfMigrations, type MigrationSql } from '../support/migration-rules.js';

/** From here on, a release is installed while the one before still runs: see docs/operations/upgrade.md. */
const FIRST_OF_ROLLING = '0002';

const one = (statement: string, ...before: string[]): MigrationSql => ({
  name: 'planted',
  statements: [...before, statement],
  isTransactional: true,
});

describe('migrations', () => {
  it('finds no statement that holds a lock for long in migrations of rolling upgrades', async () => {
    const rolling = MIGRATIONS.filter(({ name }) => name >= FIRST_OF_ROLLING);
    expect(await faultsOfMigrations(rolling)).toEqual([]);
  });

  it.each([
    'create index x on deployments (name)',
    'create unique index "x" on "deployments" ("name")',
    'drop index x',
    'alter table deployments add constraint x check (attempt > 0)',
    'alter table deployments add foreign key (a) references clusters (id)',
    'alter table deployments\n  alter column name set not null',
    'alter table deployments alter column attempt type bigint',
    'alter table deployments drop column message',
    'alter table deployments rename column message to words',
    'drop table passes',
    "update deployments set name = ''",
    'delete from passes',
    'truncate passes',
    'vacuum full passes',
    'create index concurrently x on deployments (name)',
  ])('refuses a statement that holds a lock for long: %s', (statement) => {
    expect(faultsOf(one(statement))).toHaveLength(1);
  });

  it.each([
    "alter table deployments add column words text not null default ''",
    'alter table deployments add constraint x check (attempt > 0) not valid',
    'alter table deployments validate constraint x',
    'create table things (id uuid primary key, constraint c check (id is not null))',
    'drop trigger t on deployments',
  ])('accepts a statement that takes no time: %s', (statement) => {
    expect(faultsOf(one(statement))).toEqual([]);
  });

  it('accepts every statement on a table that the same migration creates', () => {
    const made = 'create table things (id uuid)';
    expect(faultsOf(one('create index x on things (id)', made))).toEqual([]);
    expect(faultsOf(one('alter table things add constraint c check (id is not null)', made))).toEqual([]);
  });

  it('accepts statements outside a transaction only if they can be repeated', () => {
    const outside = (statement: string): MigrationSql => ({ ...one(statement), isTransactional: false });
    expect(faultsOf(outside('create index concurrently if not exists x on deployments (name)'))).toEqual([]);
    expect(faultsOf(outside('create table things (id uuid)'))).toHaveLength(1);
  });
});
