import { describe, expect, it } from '@jest/globals';

import { HELP, readOptions } from './options.js';
import { Stop } from './stop.js';

const complaint = (...argv: string[]): string => {
  try {
    readOptions(argv);
  } catch (error) {
    if (error instanceof Stop && error.exitCode === 2) return error.message;
    throw error;
  }
  return '';
};

describe('the options of the demo', () => {
  it('have defaults for everything', () => {
    expect(readOptions([])).toEqual({
      url: 'http://127.0.0.1:3000',
      trace: undefined,
      capacity: 0.25,
      limit: undefined,
      seed: 1,
      runtimeSeconds: 2,
    });
  });

  it('are read in both spellings', () => {
    expect(
      readOptions([
        '--url=https://stowage.example.org/base/',
        '--trace',
        'pods.csv',
        '--capacity',
        '1.5',
        '--limit=10',
      ]),
    ).toMatchObject({ url: 'https://stowage.example.org/base', trace: 'pods.csv', capacity: 1.5, limit: 10 });
    expect(readOptions(['--seed', '0', '--runtime', '0.5'])).toMatchObject({ seed: 0, runtimeSeconds: 0.5 });
  });

  it('ask for help before anything else is looked at', () => {
    expect(readOptions(['--help', '--limit', 'many'])).toBe('help');
    expect(readOptions(['-h'])).toBe('help');
    for (const option of ['--url', '--trace', '--capacity', '--limit', '--seed', '--runtime', '--help']) {
      expect(HELP).toContain(option);
    }
  });

  it.each([
    [['--url', 'localhost:3000'], '--url must be an address'],
    [['--url', 'ftp://example.org'], '--url must be an address'],
    [['--url', 'http://me:secret@example.org'], '--url must be an address'],
    [['--url', 'http://example.org/?a=b'], '--url must be an address'],
    [['--capacity', '0'], '--capacity must be a number from 0.001 to 100'],
    [['--capacity', 'half'], '--capacity must be a number'],
    [['--limit', '0'], '--limit must be a whole number from 1'],
    [['--limit', '2.5'], '--limit must be a whole number'],
    [['--limit=-1'], '--limit must be a whole number'],
    [['--limit', '1e3'], '--limit must be a whole number'],
    [['--seed', '9007199254740992'], '--seed must be a whole number'],
    [['--runtime', '3601'], '--runtime must be a number'],
    [['--trase', 'x'], "Unknown option '--trase'"],
    [['--trace'], '--trace'],
    [['pods.csv'], 'pods.csv'],
  ])('refuse %j', (argv, message) => {
    expect(complaint(...argv)).toContain(message);
  });
});
