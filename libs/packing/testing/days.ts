import { expect } from '@jest/globals';
import fc from 'fast-check';

import { type ResourceAmounts, ResourceVector } from '#kernel';

import { keyOf } from '../explain/places.js';
import type { Plan, PlanningPolicy, RunningGroup, Snapshot } from '../types.js';
import { nominationsOf } from '../reservation.js';
import { amounts } from './problems.js';
import { type Eviction, type SimulatedDeployment, Simulation } from '../simulation/simulation.js';

/** Seconds of a day. */
export const DAY = 86_400;

/** A deployment of half a hundred millicores that arrives at once, takes a day, and may be preempted; name only what the test is about. */
export function aDeployment(id: string, changes: Partial<SimulatedDeployment> = {}): SimulatedDeployment {
  return {
    id,
    priority: 0,
    request: amounts(50),
    arrivesAtSeconds: 0,
    declaredSeconds: null,
    takesSeconds: DAY,
    isPreemptible: true,
    ...changes,
  };
}

/** A day in which deployments of four priorities (0 to 3) arrive; nine in ten may be preempted, and each takes its own time to stop. */
export function someDay(cpu: fc.Arbitrary<number>): fc.Arbitrary<SimulatedDeployment[]> {
  const entry = fc.record({
    cpu,
    priority: fc.constantFrom(0, 0, 1, 1, 2, 3),
    arrivesAtSeconds: fc.nat(DAY - 1),
    takesSeconds: fc.integer({ min: 1, max: DAY / 4 }),
    isDeclared: fc.boolean(),
    isPreemptible: fc.integer({ min: 0, max: 9 }).map((number) => number > 0),
    stopsInSeconds: fc.nat(900),
  });
  return fc.array(entry, { minLength: 20, maxLength: 60 }).map((list) =>
    list.map(({ cpu: size, isDeclared, ...rest }, index) => ({
      ...rest,
      id: `d${String(index).padStart(3, '0')}`,
      request: amounts(size),
      declaredSeconds: isDeclared ? rest.takesSeconds : null,
    })),
  );
}

/**
 * Plays a day and what it leaves behind, every plan verified: capacity is kept in every pass, none is preempted more often than the policy
 * allows, and all come to their end.
 */
export function playDay(
  list: readonly SimulatedDeployment[],
  capacity: ResourceAmounts,
  policy: PlanningPolicy,
  onPass: Simulation['onPass'] = () => undefined,
): Simulation {
  const simulation = new Simulation(capacity, policy, list, true);
  simulation.onPass = (snapshot, result) => {
    expect(heldIn(snapshot).fitsIn(snapshot.capacity)).toBe(true);
    onPass(snapshot, result);
  };
  simulation.run(DAY * 100);
  for (const { id } of list) {
    const evictions = simulation.evictions.filter((eviction) => eviction.id === id);
    expect(evictions.length).toBeLessThanOrEqual(policy.maxPreemptions);
  }
  expect(simulation.done.toSorted()).toEqual(list.map(({ id }) => id).sort());
  return simulation;
}

/** Evictions of those whose priority is meant. */
export function evictionsAt({ evictions }: Simulation, isMeant: (priority: number) => boolean): Eviction[] {
  return evictions.filter(({ priority }) => isMeant(priority));
}

/** The priorities of nominations that a plan neither starts nor keeps, one for each deployment. */
export function lostNominations({ reservations, waiting }: Snapshot, result: Plan): number[] {
  return nominationsOf(reservations).flatMap(({ priority, request, maxRuntimeSeconds, count }) => {
    const key = keyOf({ priority, request, maxRuntimeSeconds });
    const still = nominationsOf(result.reservations).filter((one) => keyOf(one) === key);
    const starts = result.place.filter(({ shape }) => keyOf(waiting[shape]!) === key);
    const left = [...still, ...starts].reduce((sum, one) => sum - one.count, count);
    return new Array<number>(Math.max(0, left)).fill(priority);
  });
}

/** What all that runs, or is terminating, holds together. */
export function heldIn({ running }: Snapshot): ResourceVector {
  return ResourceVector.sum(running.map(({ resources, count }) => ResourceVector.of(resources).times(count)));
}

/** The state after a plan: victims have stopped, or are terminating; starts run. */
export function afterPlan(snapshot: Snapshot, { place, preempt, reservations }: Plan): Snapshot {
  const { stopGraceSeconds } = snapshot.policy;
  const victims = new Set(preempt.map(({ group }) => group));
  const endsAtMs = snapshot.nowMs + stopGraceSeconds * 1000;
  const running = snapshot.running.flatMap((group, index): RunningGroup[] => {
    if (!victims.has(index)) return [group];
    const { preemptible, ...rest } = group;
    const isGone = preemptible?.stopsAtOnce === true || stopGraceSeconds === 0;
    return isGone ? [] : [{ ...rest, isTerminating: true, endsAtMs }];
  });
  const starts = place.map(({ shape, count }): RunningGroup => {
    const { priority, request } = snapshot.waiting[shape]!;
    return { priority, resources: request, count, endsAtMs: null };
  });
  const waiting = snapshot.waiting.map((shape, index) => ({
    ...shape,
    count: shape.count - (place.find((one) => one.shape === index)?.count ?? 0),
  }));
  return {
    ...snapshot,
    running: [...running, ...starts],
    waiting: waiting.filter(({ count }) => count > 0),
    reservations,
  };
}
