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
    const { code } = await worker.terminate();
    expect({ code, log: code === 0 ? '' : worker.log }).toEqual({ code: 0, log: '' });
    expect(worker.log).toContain('shutting down');
  });

  it('ends with code 0 also when stopped during the start', async () => {
    const failed: string[] = [];
    for (let round = 0; round < 4; round++) {
      const workers = await Promise.all(Array.from({ length: 3 }, () => WorkerProcess.start(stowage)));
      const codes = await Promise.all(workers.map((worker) => worker.terminate()));
      failed.push(...workers.flatMap(({ log }, index) => (codes[index]?.code === 0 ? [] : [log.slice(-1_000)])));
    }
    expect(failed).toEqual([]);
  });
});
