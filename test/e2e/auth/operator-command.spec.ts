import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { IdentityApp, PASSWORD } from './identity-app.js';

const PROGRAM = resolve('dist', 'apps', 'admin', 'main.js');

describe('the operator command', () => {
  let app: IdentityApp;
  beforeAll(async () => {
    app = await IdentityApp.start();
  });
  afterAll(() => app.stop());

  const run = async (args: readonly string[], input: string): Promise<{ code: number | null; output: string }> =>
    new Promise((done, fail) => {
      const env = { PATH: process.env['PATH'], DATABASE_URL: app.settings.databaseUrl };
      const child = spawn(process.execPath, [PROGRAM, 'operator', ...args], { env });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.on('error', fail);
      child.on('close', (code) => done({ code, output }));
      child.stdin.end(input);
    });

  it('makes the first operator, and reads the password without an echo', async () => {
    const { code, output } = await run(['create', 'first.operator'], `${PASSWORD}\n`);
    expect({ code, output }).toEqual({ code: 0, output: 'first.operator is an operator, and can sign in.\n' });
    expect(await app.login('first.operator')).toMatchObject({ status: 200, body: { user: { isOperator: true } } });
  });

  it('grants the right to an existing account, and keeps its password', async () => {
    const { user } = await app.register();
    expect(await run(['create', user.username], 'ignored pass phrase\n')).toMatchObject({ code: 0 });
    expect(await app.login(user.username)).toMatchObject({ status: 200, body: { user: { isOperator: true } } });
  });

  it.each([
    ['a weak password', ['create', 'second'], 'password\n', 1],
    ['no password', ['create', 'second'], '', 1],
    ['a name that is none', ['create', 'a b'], `${PASSWORD}\n`, 1],
    ['no name', ['create'], '', 2],
    ['another verb', ['delete', 'first.operator'], '', 2],
  ])('refuses %s in one clear sentence', async (_what, args, input, expected) => {
    const { code, output } = await run(args, input);
    expect(code).toBe(expected);
    expect(output).not.toMatch(/\n\s+at |node:internal/);
    expect((await app.login('second')).status).toBe(401);
  });
});
