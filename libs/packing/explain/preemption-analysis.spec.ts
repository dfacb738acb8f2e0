import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type Resource, RESOURCES } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { plan } from '../planning/plan.js';
import { someBusyCluster, TRIABLE, YIELDING } from '../testing/busy-clusters.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import type { Plan, RunningGroup, Snapshot } from '../types.js';
import { type Blocker, blockersOf, blockersOfOne } from './blockers.js';
import { type PreemptionAnalysis, preemptionAnalysisOf } from './preemption-analysis.js';
import { forecast } from './forecast.js';
import { startsOf } from './places.js';
import { preemptionInWords, sentenceOf } from './sentence.js';
import { unlocksOf } from './unlock.js';

const RUNS = cases(1_000);

const time = (timeMs: number): string => `T${timeMs / 1000}`;

const runs = (id: string, changes: Partial<RunningGroup> = {}, seconds = 100, preemptions = 0): RunningGroup =>
  aRunningGroup({
    priority: 10,
    resources: amounts(20),
    preemptible: { id, sinceMs: -seconds * 1000, preemptions, stopsAtOnce: false },
    ...changes,
  });

const busy = (changes: Partial<Snapshot>): Snapshot => aSnapshot({ policy: YIELDING, ...changes });

const ofFirst = (snapshot: Snapshot): PreemptionAnalysis => preemptionAnalysisOf(snapshot, plan(snapshot), 0);

describe('preemption analysis', () => {
  const running = [
    runs('may'),
    runs('new', {}, 20),
    runs('often', {}, 100, 2),
    aRunningGroup({ priority: 10, resources: amounts(5), count: 3 }),
    runs('equal', { priority: 50, resources: amounts(25) }),
  ];
  const waiting = [aShape({ request: amounts(30) })];

  it('lists candidates, what protects each of the others, and whether stopping all candidates suffices', () => {
    const snapshot = busy({ running, waiting });
    expect(plan(snapshot).place).toEqual([]);
    const told = ofFirst(snapshot);
    expect(told).toEqual({
      isAllowed: true,
      candidates: [0],
      ineligible: [
        { reason: 'too-new', deployments: 1, untilMs: 40_000 },
        { reason: 'too-often', deployments: 1, untilMs: null },
        { reason: 'not-preemptible', deployments: 3, untilMs: null },
        { reason: 'not-lower', deployments: 1, untilMs: null },
      ],
      shortfall: [{ resource: 'cpuMillis', needed: 30, available: 20 }],
    });
    expect(preemptionInWords(told, time)).toBe(
      '1 deployment of lower priority could be stopped for it; of what else runs, 1 may not be stopped yet (the first at T40), 1 has been stopped for others as often as this cluster allows, 3 are not marked as preemptible, and 1 has its priority or a higher one. Even then only 0.02 CPU cores would be free of the 0.03 CPU cores that it asks for.',
    );
  });

  it('counts a victim of the shape neither as ineligible nor as a candidate', () => {
    const two = [runs('one', { resources: amounts(50) }), runs('two', { resources: amounts(30) })];
    const stopping = aRunningGroup({ priority: 10, resources: amounts(20), isTerminating: true });
    const snapshot = busy({ running: [...two, stopping], waiting: [aShape({ request: amounts(80) }), ...waiting] });
    const result = plan(snapshot);
    expect(result.preempt.map(({ id, by }) => [id, by])).toEqual([['two', 1]]);
    expect(preemptionAnalysisOf(snapshot, result, 1).ineligible).toEqual([
      { reason: 'stopping', deployments: 1, untilMs: null },
    ]);
    const told = preemptionAnalysisOf(snapshot, result, 0);
    expect(told.ineligible).toEqual([{ reason: 'stopping', deployments: 2, untilMs: null }]);
    expect(preemptionInWords(told, time)).toContain('of what else runs, 2 are being stopped already');
  });

  it('separates deployments that are marked but were not considered from those that are not marked', () => {
    const group = aRunningGroup({ priority: 10, resources: amounts(30), count: 3, notConsidered: 2 });
    const equal = aRunningGroup({ resources: amounts(10), notConsidered: 1 });
    const told = ofFirst(busy({ running: [group, equal], waiting }));
    expect(told.ineligible).toEqual([
      { reason: 'not-preemptible', deployments: 1, untilMs: null },
      { reason: 'not-considered', deployments: 2, untilMs: null },
      { reason: 'not-lower', deployments: 1, untilMs: null },
    ]);
    expect(preemptionInWords(told, time)).toBe(
      'Nothing can be stopped for it: of what runs, 1 is not marked as preemptible, 2 are marked as preemptible and not considered, because too many others are, and 1 has its priority or a higher one.',
    );
    const all = aRunningGroup({ ...group, count: 1 });
    expect(ofFirst(busy({ running: [all, aRunningGroup({ resources: amounts(70) })], waiting })).ineligible).toEqual([
      { reason: 'not-considered', deployments: 1, untilMs: null },
      { reason: 'not-lower', deployments: 1, untilMs: null },
    ]);
  });

  it('finds no candidate to be allowed where the policy never preempts', () => {
    const told = ofFirst(aSnapshot({ running, waiting }));
    expect(told.isAllowed).toBe(false);
    expect(preemptionInWords(told, time)).toBe(
      'Nothing that runs is stopped for it: this cluster does not allow that.',
    );
  });

  it('finds no candidate where nothing of lower priority runs', () => {
    const equal = [aRunningGroup({ resources: amounts(90) })];
    expect(preemptionInWords(ofFirst(busy({ running: equal, waiting })), time)).toBe(
      'Nothing can be stopped for it: of what runs, 1 has its priority or a higher one.',
    );
    expect(preemptionInWords(ofFirst(busy({ waiting: [aShape({ request: amounts(101) })] })), time)).toBe(
      'Nothing runs that could be stopped for it.',
    );
  });

  it(`finds in ${RUNS} states only candidates that may be preempted, and never enough of them for what waits`, () => {
    let [shortfall, waits, victims] = [0, 0, 0];
    fc.assert(
      fc.property(someBusyCluster(TRIABLE), (snapshot) => {
        const result = plan(snapshot);
        victims += result.preempt.length;
        const starts = startsOf(snapshot, result);
        for (const [index, shape] of snapshot.waiting.entries()) {
          const told = preemptionAnalysisOf(snapshot, result, index);
          const gone = new Set(result.preempt.map(({ group }) => group));
          const candidates = snapshot.running.flatMap(({ priority, preemptible }, group) => {
            const isLongEnough = preemptible !== undefined && snapshot.nowMs - preemptible.sinceMs >= 60_000;
            const may = isLongEnough && preemptible.preemptions < 2 && priority < shape.priority;
            return may && !gone.has(group) ? [group] : [];
          });
          expect(told.candidates).toEqual(candidates);
          const counted = told.ineligible.reduce((sum, { deployments }) => sum + deployments, 0);
          const own = result.preempt.filter(({ by }) => by === index).length;
          expect(counted + candidates.length + own).toBe(snapshot.running.length);
          if (shape.count === starts[index]) continue;
          waits++;
          // What is free beside the plan, deployment by deployment, once every candidate is gone.
          const left = (resource: Resource): number =>
            snapshot.capacity[resource] -
            snapshot.running.reduce((sum, { resources }, group) => {
              const stays = !gone.has(group) && !candidates.includes(group);
              return sum + (stays ? resources[resource] : 0);
            }, 0) -
            result.place.reduce(
              (sum, { shape: other, count }) => sum + (snapshot.waiting[other]?.request[resource] ?? 0) * count,
              0,
            );
          const lacking = RESOURCES.filter(
            (resource) => shape.request[resource] > 0 && shape.request[resource] > left(resource),
          );
          expect(told.shortfall.map(({ resource }) => resource)).toEqual(lacking);
          // A certified plan starts whatever all of that would make room for.
          if (result.certificate.optimal && isLowest(snapshot, result, index)) expect(lacking).not.toEqual([]);
          if (lacking.length > 0) shortfall++;
        }
      }),
      { numRuns: RUNS },
    );
    expect([shortfall > 0, waits > 0, victims > RUNS / 2]).toEqual([true, true, true]);
  });

  /** Whether nothing of lower priority starts: it would not take what those take. */
  function isLowest({ waiting: shapes }: Snapshot, { place }: Plan, index: number): boolean {
    return place.every(({ shape }) => shapes[shape]!.priority >= shapes[index]!.priority);
  }
});

describe('a nomination', () => {
  const request = amounts(60);
  const own = aShape({ request, count: 3, oldest: { id: 'own', queuedAtMs: 0 } });
  const other = aShape({ request: amounts(30), oldest: { id: 'other', queuedAtMs: 5 } });
  const snapshot = busy({
    policy: { ...YIELDING, stopGraceSeconds: 30 },
    running: [aRunningGroup({ priority: 10, resources: amounts(70), endsAtMs: 30_000, isTerminating: true })],
    waiting: [own, other],
  });
  const nomination = {
    priority: 50,
    request,
    maxRuntimeSeconds: null,
    count: 1,
    state: 'nominated' as const,
    sinceMs: 0,
    untilMs: 30_000,
  };
  const result: Plan = { ...plan(snapshot), place: [], reservations: [nomination] };
  const blockers = (index: number, older = 0): Blocker[] => {
    const kept = blockersOf(snapshot, result).find(({ shape }) => shape === index)!;
    return blockersOfOne(kept, { id: 'x', priority: 50, older });
  };

  it('states when the nominated deployment starts at the latest', () => {
    const told = blockers(0);
    expect(told.slice(0, 2)).toEqual([
      { code: 'NOMINATED', isOwn: true, deployments: 1, untilMs: 30_000, resources: [] },
      { code: 'NOT_ENOUGH', resource: 'cpuMillis', needed: 60, available: 30, missing: 30 },
    ]);
    expect(sentenceOf(told.slice(0, 1), time)).toBe(
      'It waits because what was stopped to make room for it is still stopping; it starts as soon as that is done, at T30 at the latest.',
    );
    expect(blockers(0, 1).map(({ code }) => code)).not.toContain('NOMINATED');
  });

  it('states to others for how many deployments room is being made', () => {
    const wide = { ...snapshot, waiting: [own, { ...other, request: amounts(45) }] };
    const kept = blockersOf(wide, result).find(({ shape }) => shape === 1)!;
    expect(kept.blockers).toContainEqual({
      code: 'NOMINATED',
      isOwn: false,
      deployments: 1,
      untilMs: 30_000,
      resources: [{ resource: 'cpuMillis', needed: 45, available: 40 }],
    });
    // Beside the nomination there is room for the smaller one.
    expect(blockers(1).map(({ code }) => code)).not.toContain('NOMINATED');
  });
});

describe('preemption in unlocks and forecasts', () => {
  const running = [runs('low', { resources: amounts(80), endsAtMs: 500_000 })];
  const waiting = [aShape({ request: amounts(60), maxRuntimeSeconds: 100 })];

  it('unlocks what waits by a policy that allows preemption, or by a higher priority', () => {
    const subject = { ...waiting[0]!.oldest, shape: 0, olderIn: () => 0 };
    const never = aSnapshot({ running, waiting });
    const policy = { kind: 'policy', preemption: 'lower-priority' };
    expect(unlocksOf(never, subject).unlocks).toContainEqual({ ...policy, untilMs: null });
    const low = busy({ running, waiting: [{ ...waiting[0]!, priority: 7 }] });
    expect(unlocksOf(low, subject).unlocks).toContainEqual({ kind: 'priority', priority: 11, untilMs: null });
    expect(unlocksOf(busy({ running, waiting }), subject).unlocks).toEqual([{ kind: 'nothing', untilMs: null }]);
    const graceful = { ...never, policy: { ...never.policy, stopGraceSeconds: 30 } };
    expect(unlocksOf(graceful, subject).unlocks).toContainEqual({ ...policy, untilMs: 30_000 });
  });

  it('forecasts that victims wait again and their preemptors start at once', () => {
    const low = aShape({
      priority: 10,
      request: amounts(80),
      maxRuntimeSeconds: 600,
      oldest: { id: 'next', queuedAtMs: 5 },
    });
    const standing = (shape: number) => ({ id: 'x', queuedAtMs: 5, shape, older: 0 });
    const snapshot = busy({ running, waiting: [...waiting, low] });
    const told = forecast(snapshot, [standing(0), standing(1)]);
    // At once; then, after its 100 seconds, the one that was given up, of the same kind and older, for its 600.
    expect(told.etas).toEqual([{ atMs: 0 }, { atMs: 700_000 }]);
    const graceful = { ...snapshot, policy: { ...snapshot.policy, stopGraceSeconds: 30 } };
    // Thirty seconds until the other one has stopped, at the latest; then as above.
    expect(forecast(graceful, [standing(0), standing(1)]).etas).toEqual([{ atMs: 30_000 }, { atMs: 730_000 }]);
  });
});
