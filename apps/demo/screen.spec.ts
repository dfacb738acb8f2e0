import { describe, expect, it } from '@jest/globals';

import { count, percent, table } from './format.js';
import { Screen } from './screen.js';
import { StandstillWatch } from './standstill.js';

class Paper {
  text = '';
  constructor(
    readonly isTTY: boolean,
    readonly columns = 20,
  ) {}
  write(text: string): void {
    this.text += text;
  }
}

describe('Screen', () => {
  it('redraws the block in a terminal, below its messages', () => {
    const paper = new Paper(true);
    const screen = new Screen(paper);
    const show = (...lines: string[]): void => {
      screen.show(
        0,
        () => lines,
        () => 'line',
      );
    };
    show('one', 'two');
    show('three', 'four and more than fits');
    screen.say('message');
    show('five');
    expect(paper.text.replaceAll('\u001B', '^')).toBe(
      'one\ntwo\n^[2A^[Jthree\nfour and more than \n^[2A^[Jmessage\nfive\n',
    );
  });

  it('writes a line a second elsewhere', () => {
    const paper = new Paper(false);
    const screen = new Screen(paper);
    for (const ms of [0, 400, 999, 1_000, 1_500, 2_100]) {
      screen.show(
        ms,
        () => ['block'],
        () => `at ${ms}`,
      );
    }
    screen.say('message');
    expect(paper.text).toBe('at 0\nat 1000\nat 2100\nmessage\n');
  });
});

describe('percent, count and table', () => {
  it('rounds percentages down at the top: 100% means full', () => {
    expect([0, 0.5, 0.9999, 1, null].map(percent)).toEqual(['0.0%', '50.0%', '99.9%', '100.0%', '-']);
    expect([0, 999, 8_152.4].map(count)).toEqual(['0', '999', '8,152']);
  });

  it('aligns columns', () => {
    expect(
      table([
        ['priority', 'placed'],
        ['3', '1,000'],
        ['all', '7'],
      ]),
    ).toEqual(['  priority  placed', '  3          1,000', '  all            7']);
  });
});

describe('StandstillWatch', () => {
  it('warns once, fails after two minutes, and restarts with every movement', () => {
    const watch = new StandstillWatch();
    const looks: readonly (readonly [number, string, string])[] = [
      [0, 'a', 'moves'],
      [4_000, 'a', 'moves'],
      [5_000, 'a', 'tell'],
      [6_000, 'a', 'stands'],
      [7_000, 'b', 'moves'],
      [12_500, 'b', 'tell'],
      [127_000, 'b', 'give-up'],
    ];
    for (const [ms, state, movement] of looks) expect(watch.look(ms, state, false)).toBe(movement);
  });

  it('tolerates a service that is away, and deployments that run', () => {
    const watch = new StandstillWatch();
    for (const ms of [0, 100_000, 200_000]) expect(watch.look(ms, 'a', true)).toBe('moves');
    expect(watch.look(204_000, 'a', false)).toBe('moves');
    expect(watch.look(206_000, 'a', false)).toBe('tell');
  });
});
