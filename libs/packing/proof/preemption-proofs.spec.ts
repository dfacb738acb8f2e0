import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { plan } from '../planning/plan.js';
import { bestYield } from '../testing/best-yield.js';
import { someBusyCluster, TRIABLE, YIELDING } from '../testing/busy-clusters.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import type { LevelCertificate, PreemptionCertificate, Plan, Preemption, RunningGroup, Snapshot } from '../types.js';
import { verify } from './verify.js';

const NOW_MS = 10_000_000;

/** `run` 0, 1, ... of ten millicores each, youngest last. */
const run = (index: number, changes: Partial<RunningGroup> = {}): RunningGroup =>
  aRunningGroup({
    priority: 10,
    resources: amounts(10),
    preemptible: { id: `r${index}`, sinceMs: NOW_MS - (900 - index) * 1000, preemptions: 0, stopsAtOnce: false },
    ...changes,
  });
const aPast = (changes: Partial<NonNullable<RunningGroup['preemptible']>>): Partial<RunningGroup> => ({
  preemptible: { id: 'r0', sinceMs: 0, preemptions: 0, stopsAtOnce: false, ...changes },
});
const snapshot: Snapshot = aSnapshot({
  nowMs: NOW_MS,
  policy: YIELDING,
  running: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((index) => run(index)),
  waiting: [aShape({ request: amounts(25) }), aShape({ priority: 10, request: amounts(5), count: 3 })],
});
const honest = plan(snapshot, { withProof: true });
const withRun = (index: number, changes: Partial<RunningGroup>): Snapshot => ({
  ...snapshot,
  running: snapshot.running.with(index, run(index, changes)),
});
const victim = honest.preempt[0] as Preemption;
const withVictims = (...preempt: Preemption[]): Plan => ({ ...honest, preempt });
const also = (group: number): Preemption => ({ ...victim, group, id: `r${group}`, lostSeconds: 900 - group });
const kept = honest.certificate.levels[1]?.preemption as NonNullable<LevelCertificate['preemption']>;
const withKept = (changes: Partial<PreemptionCertificate>): Plan => ({
  ...honest,
  certificate: {
    ...honest.certificate,
    levels: honest.certificate.levels.map((one) =>
      one.preemption === undefined ? one : { ...one, preemption: { ...kept, ...changes } },
    ),
  },
});

const silent: Plan = {
  ...honest,
  certificate: { ...honest.certificate, levels: honest.certificate.levels.map(({ preemption: _, ...level }) => level) },
};

it('accepts an honest certificate', () => {
  expect(honest.preempt.map(({ id }) => id)).toEqual(['r7', 'r8', 'r9']);
  expect(kept).toEqual({ eligibleCount: 10, retainedCount: 7, retainedWork: 627_900, upperBound: 627_900 });
  expect(verify(snapshot, honest)).toEqual({ isAccepted: true });
});

it('accepts a proof in which no open class asks for a resource after a better answer', () => {
  const left = (index: number, request: [number, number, number], seconds: number): RunningGroup =>
    run(index, {
      resources: amounts(...request),
      preemptible: { id: `r${index}`, sinceMs: NOW_MS - seconds * 1000 - index, preemptions: 0, stopsAtOnce: false },
    });
  const problem = aSnapshot({
    nowMs: NOW_MS,
    policy: { ...YIELDING, searchSteps: 6, reserveAfterSeconds: 300 },
    capacity: amounts(28, 14, 15),
    running: [
      left(0, [3, 1, 0], 93),
      left(1, [2, 1, 0], 136),
      left(2, [8, 0, 0], 60),
      left(3, [1, 0, 0], 266),
      left(7, [4, 2, 2], 103),
      aRunningGroup({ priority: 10, resources: amounts(3, 10, 3) }),
    ],
    waiting: [aShape({ priority: 90, request: amounts(23, 0, 11) })],
  });
  const result = plan(problem, { withProof: true });
  expect(result.certificate.optimal).toBe(true);
  expect(verify(problem, result)).toEqual({ isAccepted: true });
});

it('accepts a proof of a case that exact numbers show to be empty', () => {
  const pair = (index: number, cpu: number): RunningGroup =>
    run(index, {
      resources: amounts(cpu),
      preemptible: { id: `r${index}`, sinceMs: NOW_MS - 343_000, preemptions: 0, stopsAtOnce: false },
    });
  const problem = aSnapshot({
    nowMs: NOW_MS,
    policy: YIELDING,
    capacity: amounts(16),
    running: [pair(0, 3), pair(1, 6), aRunningGroup({ resources: amounts(5) })],
    waiting: [aShape({ request: amounts(8) })],
  });
  const result = plan(problem, { withProof: true });
  const [best] = bestYield(problem, new Set()).filter(({ priority }) => priority === 10);
  expect(best).toMatchObject({ work: 64_312, count: 1, victims: ['r1'] });
  expect(result.certificate.levels[1]?.preemption).toEqual({
    eligibleCount: 2,
    retainedCount: 1,
    retainedWork: 64_312,
    upperBound: 64_312,
  });
  expect(verify(problem, result)).toEqual({ isAccepted: true });
});

it('proves its bounds where few sizes and few elapsed times make many ties', () => {
  let refuted = 0;
  const someRun = fc.record({
    cpu: fc.integer({ min: 1, max: 8 }),
    ran: fc.nat(1),
    isPreemptible: fc.nat(5).map(Boolean),
  });
  const someCluster = fc.record({
    runs: fc.array(someRun, { minLength: 2, maxLength: 6 }),
    seconds: fc.tuple(fc.integer({ min: 60, max: 2_000 }), fc.integer({ min: 60, max: 2_000 })),
    asked: fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 2 }),
  });
  fc.assert(
    fc.property(someCluster, ({ runs, seconds, asked }) => {
      const running = runs.map(({ cpu, ran, isPreemptible }, index) => {
        const sinceMs = NOW_MS - (seconds[ran] as number) * 1000;
        const preemptible = { id: `r${index}`, sinceMs, preemptions: 0, stopsAtOnce: false };
        return aRunningGroup({ priority: 10, resources: amounts(cpu), ...(isPreemptible ? { preemptible } : {}) });
      });
      const capacity = amounts(runs.reduce((sum, { cpu }) => sum + cpu, 0));
      const waiting = asked.map((cpu, index) => aShape({ priority: 50 + index, request: amounts(cpu) }));
      const problem = aSnapshot({ nowMs: NOW_MS, policy: YIELDING, capacity, running, waiting });
      const result = plan(problem, { withProof: true });
      expect(verify(problem, result)).toEqual({ isAccepted: true });
      refuted += result.proof?.levels.some(({ refutation }) => refutation !== null) === true ? 1 : 0;
    }),
    { numRuns: cases(1_000) },
  );
  expect(refuted).toBeGreaterThan(50);
});

describe('the verifier', () => {
  it.each<[string, Snapshot, Plan]>([
    [
      'who is not preemptible',
      { ...snapshot, running: snapshot.running.with(9, aRunningGroup({ priority: 10, resources: amounts(10) })) },
      honest,
    ],
    ['who has the same priority as what starts for it', withRun(9, { priority: 50 }), honest],
    ['who has run for too short a time', withRun(9, aPast({ id: 'r9', sinceMs: NOW_MS - 59_999 })), honest],
    ['who was given up too often', withRun(9, aPast({ id: 'r9', sinceMs: NOW_MS - 891_000, preemptions: 2 })), honest],
    ['who is stopping already', withRun(9, { isTerminating: true }), honest],
    ['who is not alone in a group', withRun(9, { count: 2 }), honest],
    ['anybody where the policy says never', { ...snapshot, policy: { ...YIELDING, preemption: 'never' } }, honest],
    ['anybody on a cordoned cluster', { ...snapshot, isCordoned: true }, honest],
    ['one too many', snapshot, withVictims(...honest.preempt, also(6))],
    ['one too few', snapshot, withVictims(...honest.preempt.slice(1))],
    ['one twice', snapshot, withVictims(...honest.preempt, victim)],
    ['others than those with the least work', snapshot, withVictims(...honest.preempt.slice(1), also(6))],
    ['a victim under another name', snapshot, withVictims({ ...victim, id: 'r0' }, ...honest.preempt.slice(1))],
    ['a victim without a preemptor', snapshot, withVictims({ ...victim, by: 7 }, ...honest.preempt.slice(1))],
    ['a victim of its own priority', snapshot, withVictims({ ...victim, by: 1 }, ...honest.preempt.slice(1))],
    [
      'a victim that lost another time',
      snapshot,
      withVictims({ ...victim, lostSeconds: 1 }, ...honest.preempt.slice(1)),
    ],
    ['victims of what does not start', snapshot, { ...honest, place: honest.place.slice(1) }],
    ['more that stays', snapshot, withKept({ retainedCount: 8 })],
    [
      'more work than stays',
      snapshot,
      withKept({ retainedWork: kept.retainedWork + 1, upperBound: kept.retainedWork + 1 }),
    ],
    [
      'a bound of work that is not proven',
      snapshot,
      withKept({ retainedWork: kept.retainedWork, upperBound: kept.retainedWork - 1 }),
    ],
    ['others that might be given up', snapshot, withKept({ eligibleCount: 9 })],
    ['silence about what stays', snapshot, silent],
    ['"optimal" over a bound of work that is not reached', snapshot, withKept({ upperBound: kept.retainedWork + 1 })],
  ])('refuses %s', (_, problem, forged) => {
    expect(verify(problem, forged).isAccepted).toBe(false);
  });

  it('refuses the second best, whatever its certificate', () => {
    let forgeries = 0;
    fc.assert(
      fc.property(someBusyCluster(TRIABLE), fc.nat(), (some, number) => {
        const best = plan(some, { withProof: true });
        const away = new Set(best.preempt.map(({ group }) => group));
        const others = [...some.running.keys()].filter(
          (group) => some.running[group]?.preemptible !== undefined && !away.has(group),
        );
        const group = others[number % Math.max(1, others.length)];
        const place = best.place[0];
        if (group === undefined || place === undefined) return;
        const { preemptible, priority } = some.running[group] as RunningGroup;
        if (preemptible === undefined) return;
        forgeries++;
        const lostSeconds = Math.floor((some.nowMs - preemptible.sinceMs) / 1000);
        const preempt = [...best.preempt, { id: preemptible.id, group, by: place.shape, lostSeconds }];
        const { retainedWork: work } = best.certificate.levels.find((level) => level.priority === priority)
          ?.preemption ?? { retainedWork: 0 };
        const levels = best.certificate.levels.map((level) =>
          level.priority === priority && level.preemption !== undefined
            ? {
                ...level,
                preemption: {
                  ...level.preemption,
                  retainedCount: level.preemption.retainedCount - 1,
                  retainedWork: work - 1,
                  upperBound: work,
                },
              }
            : level,
        );
        const forged = { ...best, preempt, certificate: { ...best.certificate, optimal: false, levels } };
        expect(verify(some, forged).isAccepted).toBe(false);
      }),
      { numRuns: cases(300) },
    );
    expect(forgeries).toBeGreaterThan(cases(100));
  });
});

describe('thousands of candidates', () => {
  /** Steps of a piece of work that is not broken off once it has begun, at the very most. */
  const PIECE = 100;

  const many = (runs: number, sizes: (index: number) => [number, number, number]): Snapshot => {
    const running = Array.from({ length: runs }, (_, index) => {
      const sinceMs = NOW_MS - 60_000 - ((index * 7_919) % 5_000) * 1000;
      const preemptible = { id: `r${index}`, sinceMs, preemptions: 0, stopsAtOnce: false };
      return aRunningGroup({ priority: index % 3, resources: amounts(...sizes(index)), preemptible });
    });
    const used = (pick: (group: RunningGroup) => number): number =>
      running.reduce((sum, group) => sum + pick(group), 0);
    const capacity = amounts(
      used(({ resources }) => resources.cpuMillis),
      used(({ resources }) => resources.memoryMib),
      used(({ resources }) => resources.gpuMillis),
    );
    const waiting = Array.from({ length: 40 }, (_, index) =>
      aShape({ priority: 1 + (index % 3), request: amounts(...sizes(index * 31 + 7)), count: Math.ceil(runs / 100) }),
    );
    return aSnapshot({ nowMs: NOW_MS, policy: YIELDING, capacity, running, waiting });
  };

  it.each<[string, (index: number) => [number, number, number]]>([
    ['all alike', () => [10, 10, 10]],
    ['coprime', (index) => [(index % 97) * 2 + 1, (index % 89) * 3 + 1, (index % 83) * 5 + 1]],
    ['one against another', (index) => [1 + (index % 500), 501 - (index % 500), 1 + ((index * 7) % 500)]],
    [
      'large and small',
      (index) => [index % 50 === 0 ? 1_000_000_000 : 1, index % 2, index % 50 === 1 ? 1_000_000_000 : 0],
    ],
  ])('keeps within its budget, and preempts nothing in vain: %s', (_, sizes) => {
    const whole = many(1_200, sizes);
    const withBudget = (searchSteps: number): Snapshot => ({ ...whole, policy: { ...YIELDING, searchSteps } });
    const always = plan(withBudget(0)).certificate.steps;
    for (const budget of [0, 50, 2_000]) {
      const result = plan(withBudget(budget), { withProof: true });
      expect(result.certificate.steps).toBeLessThanOrEqual(budget + 2 * always + PIECE);
      expect(result.preempt.length).toBeGreaterThan(0);
      expect(verify(withBudget(budget), result)).toEqual({ isAccepted: true });
    }
  });
});
