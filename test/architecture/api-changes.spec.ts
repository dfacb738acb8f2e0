import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

interface Document {
  readonly paths: Record<string, Record<string, unknown>>;
}

/** The gate `npm run openapi:diff`, whose baseline comes with the first release: that it would find what breaks a client. */
describe('a change of the API', () => {
  let folder: string;
  const before = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as Document;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stowage-changes-'));
    writeFileSync(join(folder, 'before.json'), JSON.stringify(before));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const isRefused = (change: (document: Document) => void): boolean => {
    const after = structuredClone(before);
    change(after);
    writeFileSync(join(folder, 'after.json'), JSON.stringify(after));
    const files = [join(folder, 'before.json'), join(folder, 'after.json')];
    const cli = [
      'node_modules/@redocly/cli/bin/cli.js',
      'diff',
      ...files,
      '--config',
      'redocly.yaml',
      '--fail-on',
      'major',
    ];
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_NOTIFICATIONS: 'true' };
    const { status, stderr } = spawnSync(process.execPath, cli, { env, encoding: 'utf8' });
    if (status !== 0 && status !== 1) throw new Error(stderr);
    return status === 1;
  };

  it('accepts a change that no client notices, and refuses one that breaks a client', () => {
    const path = '/v1/organizations/{organizationId}/clusters';
    expect(isRefused(() => undefined)).toBe(false);
    expect(isRefused(({ paths }) => Reflect.deleteProperty(paths[path] ?? {}, 'get'))).toBe(true);
  });
});
