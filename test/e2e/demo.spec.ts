import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { demo } from '../../apps/demo/demo.js';
import { demoCommand, type Options } from '../../apps/demo/options.js';
import { Screen } from '../../apps/demo/screen.js';
import { Stowage } from '../support/stowage.js';

describe('the demo', () => {
  let stowage: Stowage;

  beforeAll(async () => {
    stowage = await Stowage.start();
  });

  afterAll(async () => {
    await stowage.stop();
  });

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
