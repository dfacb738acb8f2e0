import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import {
  DEPLOYMENT_STATUSES,
  flawsOf,
  HOLDING_STATUSES,
  TERMINAL_STATUSES,
  type Transition,
  TRANSITIONS,
  transitionTable,
} from './deployment-status.js';

describe('the states of deployments', () => {
  it('are sound: all can be come to, and from each there is a way to an end', () => {
    expect(flawsOf(DEPLOYMENT_STATUSES, TRANSITIONS)).toEqual([]);
  });

  it('end where nothing leads on', () => {
    expect(TERMINAL_STATUSES).toEqual(['succeeded', 'failed', 'cancelled', 'timed_out', 'expired']);
    expect(TERMINAL_STATUSES.filter((status) => HOLDING_STATUSES.some((holding) => holding === status))).toEqual([]);
  });

  it('are shown in the README as the table has them (npm run generated)', () => {
    expect(readFileSync(new URL('README.md', import.meta.url), 'utf8')).toContain(`\n${transitionTable()}\n`);
  });

  it('have each cause once, so that an event tells which transition it was', () => {
    const moves = Object.values<Transition>(TRANSITIONS).flatMap(({ from, to, cause }) =>
      (from.length === 0 ? ['nothing'] : from).map((status) => `${cause}: ${status} -> ${to}`),
    );
    expect(new Set(moves).size).toBe(moves.length);
  });
});

describe('a state machine', () => {
  const sound = { begin: { from: [], to: 'a' }, go: { from: ['a'], to: 'b' } };

  it('without flaws has none told', () => {
    expect(flawsOf(['a', 'b'], sound)).toEqual([]);
  });

  it('is refused when a transition names a status that does not exist', () => {
    expect(flawsOf(['a'], sound)).toContain('the transition go names the status b, which does not exist');
  });

  it('is refused when nothing leads to a status', () => {
    expect(flawsOf(['a', 'b', 'c'], sound)).toContain('nothing leads to the status c');
  });

  it('is refused when there is no way from a status to an end', () => {
    const circle = {
      ...sound,
      away: { from: ['a'], to: 'c' },
      back: { from: ['c'], to: 'd' },
      on: { from: ['d'], to: 'c' },
    };
    expect(flawsOf(['a', 'b', 'c', 'd'], circle)).toEqual([
      'the status c leads to no end',
      'the status d leads to no end',
    ]);
  });
});
