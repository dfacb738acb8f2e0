import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { testEnvironment } from '../support/settings.js';

/** The API as built, with one more controller; `access` is what its route declares, as decorators. */
const program = (path: string, access: string): string => `
  import 'reflect-metadata';
  import { Controller, Get, Module } from '@nestjs/common';
  import { loadSettings, settingsOrExit } from '#config';
  import { createHttpApp } from '#http';
  import { Public, RequireRole } from '#rbac';
  import { ApiModule } from './dist/apps/api/api.module.js';

  class Planted { list() { return []; } }
  const route = Object.getOwnPropertyDescriptor(Planted.prototype, 'list');
  for (const decorate of [Get(), ${access}]) decorate(Planted.prototype, 'list', route);
  Controller('${path}')(Planted);

  class Root {}
  const settings = settingsOrExit(loadSettings);
  Module({ imports: [ApiModule.forRoot(settings)], controllers: [Planted] })(Root);
  const app = await createHttpApp(Root, settings);
  await app.listen(0, '127.0.0.1');
  console.log('it listens');
  await app.close();
`;

describe('the API with a route planted beside its own', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  const run = async (path: string, access: string): Promise<{ code: unknown; said: string }> => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program(path, access)], {
      env: { ...process.env, ...testEnvironment(database.url) },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
    const [code] = (await once(child, 'close')) as [unknown];
    return { code, said };
  };

  it.each([
    ['planted', '', 'Planted.list declares neither a role nor that it is public'],
    ['planted', `Public(), RequireRole('viewer')`, 'Planted.list declares its access more than once'],
    ['planted', `RequireRole('admin')`, 'Planted.list declares a role, but its path has no :organizationId'],
    [
      'organizations/:organizationId/planted',
      'Public()',
      'Planted.list names an organization in its path, but lets in',
    ],
  ])('does not start: %s with %p', async (path, access, fault) => {
    const { code, said } = await run(path, access);
    expect(said).toContain(fault);
    expect(said).not.toContain('it listens');
    expect(code).toBe(1);
  });

  it('starts when the route says who may use it', async () => {
    const { said } = await run('organizations/:organizationId/planted', `RequireRole('viewer')`);
    expect(said).toMatch(/it listens|no @ApiRoute/);
  });
});
