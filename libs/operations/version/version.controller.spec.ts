import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { VersionController } from './version.controller.js';

describe('VersionController', () => {
  it('answers the version of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(new VersionController().read()).toEqual({ version, api: 'v1' });
  });
});
