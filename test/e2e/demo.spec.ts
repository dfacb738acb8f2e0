import { describe, expect, it } from '@jest/globals';

import { demo } from '../../apps/demo/demo.js';
import { demoCommand, type Options } from '../../apps/demo/options.js';
import { Screen } from '../../apps/demo/screen.js';
import { sharedInstallation } from '../support/shared-installation.js';

const stowage = await sharedInstallation();

describe('the demo', () => {
  it('completes a whole workload through the API alone, and finds that the invariants hold', async () => {
    const written: string[] = [];
    const argv = ['--url', stowage.client.url, '--limit', '400', '--runtime', '0.2'];
    const options = demoCommand().parse(argv, { from: 'user' }).opts<Options>();
    const code = await demo(options, new Screen({ write: (text) => written.push(text) }));
    const text = written.join('');
    expect(text).toContain('invariants hold');
    expect(text).toMatch(/all +400 /);
    expect(text).toContain('passes that placed something are proved optimal');
    expect(code).toBe(0);
  });
});
