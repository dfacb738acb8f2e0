import { describe, expect, it } from '@jest/globals';

import { demoCommand, type Options } from './options.js';

const read = (...argv: string[]): Options =>
  demoCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parse(argv, { from: 'user' })
    .opts<Options>();

describe('demoCommand', () => {
  it('has a default for each option but the trace and the limit', () => {
    expect(read()).toEqual({ url: 'http://127.0.0.1:3000', capacity: 0.25, seed: 1, runtime: 2 });
  });

  it('reads both spellings of a value', () => {
    expect(
      read('--url=https://stowage.example.org/base/', '--trace', 'pods.csv', '--capacity', '1.5', '--limit=10'),
    ).toMatchObject({ url: 'https://stowage.example.org/base', trace: 'pods.csv', capacity: 1.5, limit: 10 });
    expect(read('--seed', '0', '--runtime', '0.5')).toMatchObject({ seed: 0, runtime: 0.5 });
  });

  it.each([
    [['--url', 'localhost:3000'], 'must be an address'],
    [['--url', 'ftp://example.org'], 'must be an address'],
    [['--url', 'http://me:secret@example.org'], 'must be an address'],
    [['--url', 'http://example.org/?a=b'], 'must be an address'],
    [['--capacity', '0'], 'must be a number from 0.001 to 100'],
    [['--capacity', 'half'], 'must be a number'],
    [['--limit', '0'], 'must be a whole number from 1'],
    [['--limit', '2.5'], 'must be a whole number'],
    [['--limit=-1'], 'must be a whole number'],
    [['--limit', '1e3'], 'must be a whole number'],
    [['--seed', '9007199254740992'], 'must be a whole number'],
    [['--runtime', '3601'], 'must be a number'],
    [['--trase', 'x'], "unknown option '--trase'"],
    [['--trace'], '--trace'],
    [['pods.csv'], 'too many arguments'],
  ])('refuses %j', (argv, message) => {
    expect(() => read(...argv)).toThrow(message);
  });
});
