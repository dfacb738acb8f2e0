import { describe, expect, it } from '@jest/globals';

import { plan, type Snapshot, verify, type WaitingShape } from '#packing';

import { amounts, aShape, aSnapshot } from '../testing/problems.js';

/** A repeatable source of numbers in 0..1 (mulberry32): the same problems on every machine. */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Requests that have nothing in common, each a shape of its own, for a random part of what they want together. */
function aHardProblem(seed: number, { shapes, levels }: { shapes: number; levels: number }): Snapshot {
  const random = dice(seed);
  const seen = new Set<string>();
  const waiting: WaitingShape[] = [];
  while (waiting.length < shapes) {
    const cpu = 100 + Math.floor(random() * 64_000);
    const memory = 128 + Math.floor(random() * 262_144);
    const gpu = random() < 0.4 ? 0 : Math.ceil(random() * 800) * 10;
    if (seen.has(`${cpu}/${memory}/${gpu}`)) continue;
    seen.add(`${cpu}/${memory}/${gpu}`);
    const oldest = { id: String(waiting.length).padStart(8, '0'), queuedAtMs: waiting.length };
    waiting.push(aShape({ priority: Math.floor(random() * levels), request: amounts(cpu, memory, gpu), oldest }));
  }
  const part = 0.15 + 0.8 * random();
  const demand = (of: (shape: WaitingShape) => number): number =>
    Math.floor(part * waiting.reduce((sum, shape) => sum + of(shape), 0));
  return aSnapshot({
    waiting,
    capacity: amounts(
      demand(({ request }) => request.cpuMillis),
      demand(({ request }) => request.memoryMib),
      demand(({ request }) => request.gpuMillis),
    ),
  });
}

// Found by a search for problems that take many steps: rounding alone solves most others.
const HARD = { shapes: 3_000, levels: 5 };

/**
 * Half of all requests use both resources up, and three divides no sum of that half: a fraction remains until nearly every class is decided,
 * so that a search goes as deep as there are classes.
 */
function aDeepProblem(shapes: number): Snapshot {
  const both = 30_000;
  const waiting = Array.from({ length: shapes }, (_, index) => {
    const cpu = 3 * (1 + ((index * 7_919) % 9_973)) + 1;
    return aShape({
      request: amounts(cpu, both - cpu),
      oldest: { id: String(index).padStart(8, '0'), queuedAtMs: index },
    });
  });
  const half = shapes / 2;
  const cpu = Math.floor(waiting.reduce((sum, { request }) => sum + request.cpuMillis, 0) / 2);
  const capacity = [0, 1, 2].map((more) => cpu + more).find((amount) => (amount - half) % 3 === 1)!;
  return aSnapshot({ waiting, capacity: amounts(capacity, half * both - capacity) });
}

describe('a plan of distinct requests', () => {
  it('ends within the stack where a search goes as deep as there are requests', () => {
    const problem = aDeepProblem(1_000);
    const snapshot = { ...problem, policy: { ...problem.policy, searchSteps: 100_000 } };
    const result = plan(snapshot, { withProof: true });
    expect(result.certificate.levels).toEqual([{ priority: 50, placed: 499, upperBound: 500 }]);
    expect(verify(snapshot, result)).toEqual({ isAccepted: true });
  });

  it.each([13, 15])('carries a proof that the verifier accepts, or a bound on its gap (seed %d)', (seed) => {
    const snapshot = aHardProblem(seed, HARD);
    const result = plan(snapshot, { withProof: true });
    for (const { placed, upperBound } of result.certificate.levels) {
      expect(upperBound - placed).toBeGreaterThanOrEqual(0);
      expect(upperBound - placed).toBeLessThanOrEqual(1);
    }
    expect(verify(snapshot, result)).toEqual({ isAccepted: true });
    expect(plan(snapshot)).toEqual({ ...result, proof: null });
  });

  it.each([1, 30, 100])('ends at a budget of %d steps with a true bound', (searchSteps) => {
    const problem = aHardProblem(13, HARD);
    const snapshot = { ...problem, policy: { ...problem.policy, searchSteps } };
    const result = plan(snapshot, { withProof: true });
    const best = plan(problem).certificate.levels;
    const always = plan({ ...problem, policy: { ...problem.policy, searchSteps: 0 } }).certificate.steps;
    expect(result.certificate).toMatchObject({ stopped: 'budget', optimal: false });
    expect(result.certificate.steps).toBeLessThanOrEqual(searchSteps + 2 * always);
    expect(verify(snapshot, result)).toEqual({ isAccepted: true });
    result.certificate.levels.forEach(({ upperBound }, level) => {
      const isAsGoodAbove = result.certificate.levels
        .slice(0, level)
        .every(({ placed }, above) => placed === best[above]?.placed);
      if (isAsGoodAbove) expect(upperBound).toBeGreaterThanOrEqual(best[level]?.placed ?? 0);
    });
  });

  it('stops when the caller asks, with the best plan up to then', () => {
    const result = plan(aHardProblem(15, HARD), { shouldStop: () => true });
    expect(result.certificate.stopped).toBe('deadline');
    for (const { placed, upperBound } of result.certificate.levels) expect(placed).toBeLessThanOrEqual(upperBound);
  });
});
