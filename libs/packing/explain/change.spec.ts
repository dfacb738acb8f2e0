import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { plan } from '../planning/plan.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import { membersOf, snapshotOf, someState, type State, type Waiting } from '../testing/states.js';
import { type Change, changed, type Member } from './change.js';
import { keyOf } from './places.js';
import { ownedReservation } from '../reservation.js';

const RUNS = cases(1_000);
const SMALL = { shapes: 4, waiting: 8, running: 5, largest: 8 };

const memberOf = ({ id, queuedAtMs, ...shape }: Waiting): Member => ({ head: { id, queuedAtMs }, shape });

/** Those of a list that numbers point at, each once. */
function pick<One>(list: readonly One[], numbers: readonly number[]): One[] {
  return list.filter((_, index) => numbers.some((number) => number % list.length === index));
}

/** Any of the changes, and the state in which each has really been made. */
const someChange = (state: State): fc.Arbitrary<{ change: Change; after: State }> =>
  fc
    .record({
      leave: fc.array(fc.nat(), { maxLength: 3 }),
      edit: fc.array(fc.tuple(fc.nat(), fc.constantFrom(10, 50, 51, 60)), { maxLength: 2 }),
      add: fc.array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.constantFrom(10, 50, 60)), { maxLength: 3 }),
      end: fc.array(fc.nat(), { maxLength: 2 }),
      grow: fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined }),
      isCordoned: fc.constantFrom(undefined, undefined, true, false),
      reserveAfterSeconds: fc.constantFrom(undefined, undefined, null, 0),
    })
    .map(({ leave, edit, add, end, grow, isCordoned, reserveAfterSeconds }) => {
      const gone = pick(state.waiting, leave);
      const edited = pick(
        state.waiting,
        edit.map(([index]) => index),
      ).filter((one) => !gone.includes(one));
      const priority = edit[0]?.[1] ?? 50;
      const added = add.map(([size, level], index): Waiting => ({
        id: `x${index}`,
        priority: level,
        request: amounts(size),
        maxRuntimeSeconds: null,
        queuedAtMs: state.nowMs,
      }));
      const ended = pick([...state.running.keys()], end);
      const after: State = {
        ...state,
        capacity:
          grow === undefined ? state.capacity : { ...state.capacity, cpuMillis: state.capacity.cpuMillis + grow },
        isCordoned: isCordoned ?? state.isCordoned,
        policy: reserveAfterSeconds === undefined ? state.policy : { ...state.policy, reserveAfterSeconds },
        running: state.running.flatMap((group, index) => {
          const count = group.count - (ended.includes(index) ? 1 : 0);
          return count === 0 ? [] : [{ ...group, count }];
        }),
        waiting: [
          ...state.waiting
            .filter((one) => !gone.includes(one))
            .map((one) => (edited.includes(one) ? { ...one, priority } : one)),
          ...added,
        ],
      };
      const reservation = ownedReservation(state.reservations);
      const owner = after.waiting.find(({ id }) => id === reservation?.id);
      const isStill = reservation !== null && owner?.priority === reservation.priority;
      const change: Change = {
        ...(grow === undefined ? {} : { capacity: after.capacity }),
        ...(isCordoned === undefined ? {} : { isCordoned }),
        ...(reserveAfterSeconds === undefined ? {} : { policy: after.policy }),
        ended: ended.map((group) => ({ group, count: 1 })),
        left: [...gone, ...edited].map(memberOf),
        came: [...edited.map((one) => ({ ...one, priority })), ...added].map(memberOf),
      };
      return { change, after: isStill ? after : withoutOwned(after) };
    });

const withoutOwned = (state: State): State => ({
  ...state,
  reservations: state.reservations.filter((one) => one.state === 'nominated'),
});

/** A snapshot as comparable text, whatever the order of its shapes. */
function comparable({ waiting, ...rest }: ReturnType<typeof snapshotOf>): unknown {
  return { ...rest, waiting: waiting.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) };
}

describe('a change', () => {
  const shape = { priority: 50, request: amounts(1), maxRuntimeSeconds: null };
  const heads = ['a', 'b', 'c'].map((id, index) => ({ id, queuedAtMs: index }));

  it('takes the next in age where the oldest leaves', () => {
    const [oldest, ...followers] = heads;
    const snapshot = aSnapshot({ waiting: [{ ...shape, count: 7, oldest: oldest!, followers }] });
    const [left] = changed(snapshot, { left: [{ shape, head: oldest! }] }).waiting;
    expect(left).toEqual({ ...shape, count: 6, oldest: heads[1] });
  });

  it('throws where the next in age is not known', () => {
    const snapshot = aSnapshot({ waiting: [{ ...shape, count: 2, oldest: heads[0]! }] });
    expect(() => changed(snapshot, { left: [{ shape, head: heads[0]! }] })).toThrow('the oldest is not known');
  });

  it('refuses to remove what is not there', () => {
    expect(() => changed(aSnapshot(), { left: [{ shape, head: heads[0]! }] })).toThrow(
      'nothing waits of the shape of a',
    );
    const snapshot = aSnapshot({ running: [aRunningGroup()] });
    expect(() => changed(snapshot, { ended: [{ group: 0, count: 2 }] })).toThrow('more is to end than runs');
  });

  it('withdraws the reservation of an owner that left or became another, where another of its shape remains', () => {
    const [oldest, twin] = heads;
    const waiting = [{ ...shape, count: 2, oldest: oldest!, followers: [twin!] }];
    const reservation = {
      ...shape,
      id: oldest!.id,
      count: 1,
      state: 'gathering' as const,
      sinceMs: 0,
      untilMs: 1_000_000,
    };
    const snapshot = aSnapshot({ waiting, reservations: [reservation] });
    const own = { head: oldest!, shape };
    expect(ownedReservation(changed(snapshot, { left: [own] }).reservations)).toBeNull();
    expect(
      ownedReservation(
        changed(snapshot, { left: [own], came: [{ ...own, shape: { ...shape, priority: 60 } }] }).reservations,
      ),
    ).toBeNull();
    expect(ownedReservation(changed(snapshot, { left: [own], came: [own] }).reservations)).toEqual(reservation);
    expect(ownedReservation(changed(snapshot, { left: [{ head: twin!, shape }] }).reservations)).toEqual(reservation);
  });

  it('changes nothing else', () => {
    const snapshot = aSnapshot({ running: [aRunningGroup()], waiting: [aShape()], gatherAfterMs: 5 });
    expect(changed(snapshot, {})).toEqual(snapshot);
  });

  it(`matches what a pass would then read, and plan, in ${RUNS} states`, () => {
    const cases = someState(SMALL).chain((state) => someChange(state).map((made) => ({ state, ...made })));
    fc.assert(
      fc.property(cases, ({ state, change, after }) => {
        const asked = changed(snapshotOf(state, true), change);
        const real = snapshotOf(after);
        expect(comparable(asked)).toEqual(comparable(real));
        const [planned, then] = [plan(asked), plan(real)];
        expect(planned.certificate).toEqual(then.certificate);
        expect(ownedReservation(planned.reservations)).toEqual(ownedReservation(then.reservations));
        expect(
          planned.place.map(({ shape: index, ...place }) => ({ ...place, key: keyOf(asked.waiting[index]!) })),
        ).toEqual(then.place.map(({ shape: index, ...place }) => ({ ...place, key: keyOf(real.waiting[index]!) })));
        expect(membersOf(after)).toHaveLength(asked.waiting.length);
      }),
      { numRuns: RUNS },
    );
  });
});
