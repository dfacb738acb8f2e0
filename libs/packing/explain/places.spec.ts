import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { plan } from '../planning/plan.js';
import { nominatedBy, membersOf, snapshotOf, someState, startedBy } from '../testing/states.js';
import { startOf, whoStarts } from './places.js';

const RUNS = cases(1_000);

describe('the starts of a plan', () => {
  it(`agrees in ${RUNS} states whether all deployments are asked about together or one by one`, () => {
    const seen = { now: 0, later: 0, not: 0 };
    fc.assert(
      fc.property(someState({ shapes: 4, waiting: 8, running: 5, largest: 8 }), fc.boolean(), (state, namesAll) => {
        const snapshot = snapshotOf(state, namesAll);
        const result = plan(snapshot);
        const members = membersOf(state);
        const starts = whoStarts(snapshot, result, (shape) => members[shape]!.map(({ id }) => id));
        const nominated = nominatedBy(state, snapshot);
        expect([...starts].flatMap(([id, { untilMs }]) => (untilMs === null ? [id] : []))).toEqual(
          startedBy(state, snapshot),
        );
        expect([...starts].flatMap(([id, { untilMs }]) => (untilMs === null ? [] : [[id, untilMs]]))).toEqual([
          ...nominated,
        ]);
        for (const [shape, group] of members.entries()) {
          for (const [older, { id, queuedAtMs }] of group.entries()) {
            const start = startOf(snapshot, result, { id, queuedAtMs, shape, older });
            expect(start).toEqual(starts.get(id) ?? null);
            seen[start === null ? 'not' : start.untilMs === null ? 'now' : 'later']++;
          }
        }
      }),
      { numRuns: RUNS },
    );
    expect(Object.values(seen).every((count) => count > 0)).toBe(true);
  });
});
