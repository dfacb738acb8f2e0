import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { probablyMeant } from './spelling.js';

describe('the name that was probably meant', () => {
  const known = [
    'id',
    'cpu',
    'gpu',
    'memoryMib',
    'preemptible',
    'preemptions',
    'stopGraceSeconds',
    'maxRuntimeSeconds',
  ];

  it.each([
    ['stopGraceSecond', 'stopGraceSeconds'],
    ['stopgraceseconds', 'stopGraceSeconds'],
    ['stopGarceSeconds', 'stopGraceSeconds'],
    ['max_runtime_seconds', 'maxRuntimeSeconds'],
    ['preemptable', 'preemptible'],
    ['preemption', 'preemptions'],
    ['memory', 'memoryMib'],
    ['cpus', 'cpu'],
    ['gpus', 'gpu'],
    ['preempted', null],
    ['status', null],
    ['name', null],
    ['', null],
    ['x'.repeat(1_000_000), null],
  ])('of %.20s: %s', (name, meant) => {
    expect(probablyMeant(name, known)).toBe(meant);
  });

  it('is the name itself, whatever one of its characters is written as, or where two change places', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...known.slice(3)),
        fc.nat(),
        fc.constantFrom('', 'x', '_'),
        (name, where, written) => {
          const place = where % name.length;
          expect(probablyMeant(name.slice(0, place) + written + name.slice(place + 1), [name])).toBe(name);
          const [first = '', second = ''] = name.slice(place);
          expect(probablyMeant(name.slice(0, place) + second + first + name.slice(place + 2), [name])).toBe(name);
        },
      ),
    );
  });
});
