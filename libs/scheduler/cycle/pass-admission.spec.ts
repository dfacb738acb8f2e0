import { describe, expect, it } from '@jest/globals';

import { type Settings } from '#config';

import { PassAdmission } from './pass-admission.js';

const admissionOf = (workerConcurrency: number): PassAdmission => new PassAdmission({ workerConcurrency } as Settings);

/** A pass that runs until it is told to end. */
function pass(): { readonly run: () => Promise<void>; readonly end: () => void; begun: boolean } {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const one = {
    begun: false,
    end,
    run: () => {
      one.begun = true;
      return ended;
    },
  };
  return one;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('PassAdmission', () => {
  it('begins no pass before the worker has started', async () => {
    const admission = admissionOf(1);
    const one = pass();
    const ran = admission.run(one.run);
    await settled();
    expect(one.begun).toBe(false);
    admission.open();
    one.end();
    expect(await ran).toBe(true);
  });

  it('runs at most as many passes as the worker is set to, in the order of their arrival', async () => {
    const admission = admissionOf(2);
    admission.open();
    const passes = [pass(), pass(), pass(), pass()];
    const ran = passes.map((one) => admission.run(one.run));
    await settled();
    expect(passes.map(({ begun }) => begun)).toEqual([true, true, false, false]);
    passes[1]?.end();
    await settled();
    expect(passes.map(({ begun }) => begun)).toEqual([true, true, true, false]);
    passes.forEach(({ end }) => end());
    expect(await Promise.all(ran)).toEqual([true, true, true, true]);
  });

  it('gives the place of a pass that failed to the next one', async () => {
    const admission = admissionOf(1);
    admission.open();
    const failed = admission.run(() => Promise.reject(new Error('no connection')));
    const next = admission.run(() => Promise.resolve());
    await expect(failed).rejects.toThrow('no connection');
    expect(await next).toBe(true);
  });

  it('sends away what waits when the worker stops, and ends what runs', async () => {
    const admission = admissionOf(1);
    admission.open();
    const [running, waiting] = [pass(), pass()];
    const ran = admission.run(running.run);
    const sentAway = admission.run(waiting.run);
    await settled();
    admission.close();
    expect(await sentAway).toBe(false);
    expect(await admission.run(waiting.run)).toBe(false);
    running.end();
    expect(await ran).toBe(true);
    expect(waiting.begun).toBe(false);
  });
});
