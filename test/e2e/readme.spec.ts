import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sharedInstallation } from '../support/shared-installation.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** The journey as a reader pastes it, but for the address. */
function journeyAt(url: string): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, block = ''] = /## A journey with curl[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme) ?? [];
  return block.replace('http://127.0.0.1:3000', url);
}

/** Runs a script in bash, which ends at the first command that fails. */
async function bash(script: string, path: string): Promise<{ code: number | null; lines: string[]; errors: string }> {
  const child = spawn('bash', ['-c', `set -euo pipefail\n${script}`], { env: { ...process.env, PATH: path } });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, lines: output.trim().split('\n'), errors };
}

const stowage = await sharedInstallation();

describe('the journey of the README', () => {
  const bin = mkdtempSync(join(tmpdir(), 'stowage-bin-'));
  let path = process.env['PATH'] ?? '';

  beforeAll(() => {
    if (spawnSync('curl', ['--version']).status === 0) return;
    copyFileSync(join(ROOT, 'test/support/bin/curl.mjs'), join(bin, 'curl'));
    chmodSync(join(bin, 'curl'), 0o755);
    path = `${bin}:${path}`;
  });

  afterAll(() => {
    rmSync(bin, { recursive: true });
  });

  it('ends with two scheduled, one waiting, then none, and an optimal plan', async () => {
    const { code, lines, errors } = await bash(journeyAt(stowage.client.url), path);
    expect(errors).toBe('');
    expect(code).toBe(0);
    expect(lines).toEqual([
      expect.stringMatching(/^grace-\d+$/),
      '1',
      'succeeded',
      '0',
      'true',
      'deployment.succeeded',
    ]);
  });
});
