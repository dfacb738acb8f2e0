import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { testEnvironment } from '../support/settings.js';

/** The API as built, with one more controller whose route declares no access. */
const PROGRAM = `
  import 'reflect-metadata';
  import { Controller, Get, Module } from '@nestjs/common';
  import { loadSettings, settingsOrExit } from '#config';
  import { createHttpApp } from '#http';
  import { ApiModule } from './dist/apps/api/api.module.js';

  class Undeclared { list() { return []; } }
  Get()(Undeclared.prototype, 'list', Object.getOwnPropertyDescriptor(Undeclared.prototype, 'list'));
  Controller('undeclared')(Undeclared);

  class Root {}
  const settings = settingsOrExit(loadSettings);
  Module({ imports: [ApiModule.forRoot(settings)], controllers: [Undeclared] })(Root);
  const app = await createHttpApp(Root, settings);
  await app.listen(0, '127.0.0.1');
  console.log('it listens');
  await app.close();
`;

// The unit of rbac's route audit has the other faults of a declaration.
describe('the API with a route that declares no access', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  it('refuses to start', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
      env: { ...process.env, ...testEnvironment(database.processUrl) },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    const [code] = (await once(child, 'close')) as [unknown];
    expect(output).toContain('Undeclared.list declares neither a role nor that it is public');
    expect(output).not.toContain('it listens');
    expect(code).toBe(1);
  });
});
