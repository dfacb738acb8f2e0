import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Stowage } from '../support/stowage.js';
import { WorkerProcess } from './worker-process.js';

describe('a process that is asked to stop', () => {
  let stowage: Stowage;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
  });

  afterAll(async () => {
    await stowage.stop();
  });

  it('ends with code 0, not by the signal', async () => {
    const worker = await WorkerProcess.start(stowage);
    expect((await worker.terminate()).code).toBe(0);
    expect(worker.log).toContain('asked to stop');
  });
});
