import { closeSync, mkdtempSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { LogFiles } from './log-files.js';

describe('LogFiles', () => {
  let directory: string;
  let logs: LogFiles;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-logs-'));
    logs = new LogFiles(directory);
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('appends to a log, and shows the last lines', () => {
    for (const line of ['one\n', 'two\n', 'three\n']) {
      const file = logs.open('api');
      writeSync(file, line);
      closeSync(file);
    }
    expect(logs.lastLines('api', 2)).toBe('    two\n    three');
    expect(logs.lastLines('worker', 2)).toBe('');
  });

  it('creates files that only their owner can read', () => {
    closeSync(logs.open('api'));
    expect(statSync(logs.path('api')).mode & 0o777).toBe(0o600);
  });

  it('limits the size of a log while its writer appends', () => {
    const file = logs.open('api');
    truncateSync(logs.path('api'), 40 * 1024 * 1024);
    logs.trim('api');
    writeSync(file, 'still here\n');
    closeSync(file);
    expect(statSync(logs.path('api')).size).toBe('still here\n'.length);
    expect(statSync(`${logs.path('api')}.1`).size).toBe(40 * 1024 * 1024);
  });
});
