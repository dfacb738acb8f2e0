import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { DEPLOYMENT_STATUSES, isHolding, STOP_CAUSES, STOP_OUTCOMES } from './deployment-status.js';
import { TERMINAL_STATUSES, type Transition, TRANSITIONS, transitionTable } from './transitions.js';

const ALL: readonly Transition[] = Object.values(TRANSITIONS);
const MOVES = ALL.flatMap(({ from, to }) => from.map((status) => [status, to] as const));

/** All statuses that moves lead to from some, those included. */
function reachable(begin: readonly string[], moves: readonly (readonly [string, string])[]): string[] {
  const seen = new Set(begin);
  // A set grows while it is walked, and the walk sees what was added.
  for (const status of seen) moves.filter(([from]) => from === status).forEach(([, to]) => seen.add(to));
  return [...seen].sort();
}

describe('the transitions of deployments', () => {
  it('leads to every status', () => {
    const begins = ALL.filter(({ from }) => from.length === 0).map(({ to }) => to);
    expect(reachable(begins, MOVES)).toEqual([...DEPLOYMENT_STATUSES].sort());
  });

  it('leads to an end from every status', () => {
    const back = MOVES.map(([from, to]) => [to, from] as const);
    expect(reachable(TERMINAL_STATUSES, back)).toEqual([...DEPLOYMENT_STATUSES].sort());
  });

  it('ends with the terminal statuses, none of which holds resources', () => {
    expect(TERMINAL_STATUSES).toEqual(['succeeded', 'failed', 'cancelled', 'timed_out', 'expired']);
    expect(TERMINAL_STATUSES.filter(isHolding)).toEqual([]);
  });

  it('enters and leaves stopping by the stop causes and the stop outcomes', () => {
    const entering = ALL.filter(({ from, to }) => to === 'stopping' && !from.includes('stopping'));
    expect(entering.map(({ cause }) => cause).sort()).toEqual([...STOP_CAUSES].sort());
    const leaving = ALL.filter(({ from, to, by }) => from.includes('stopping') && by === 'pass' && to !== 'stopping');
    expect([...new Set(leaving.map(({ to }) => to))].sort()).toEqual([...STOP_OUTCOMES].sort());
  });

  it('has each from, to and cause once: an event names one transition', () => {
    const triples = ALL.flatMap(({ from, to, cause }) =>
      (from.length === 0 ? ['-'] : from).map((s) => [s, to, cause].join()),
    );
    expect(new Set(triples).size).toBe(triples.length);
  });

  it('shows the current table in docs/concepts.md (npm run generated)', () => {
    expect(readFileSync(new URL('../../../docs/concepts.md', import.meta.url), 'utf8')).toContain(
      `\n${transitionTable()}\n`,
    );
  });
});
