import { parseArgs } from 'node:util';

import { Stop, textOf } from './stop.js';

/** What the demo was asked to do. */
export interface Options {
  /** The service's address, without a slash at its end. */
  readonly url: string;
  /** A pod list in the openb format; undefined: a generated workload. */
  readonly trace: string | undefined;
  /** Capacity of each cluster as a fraction of all that is asked of it. */
  readonly capacity: number;
  /** The most deployments; undefined: the whole trace, or the default size. */
  readonly limit: number | undefined;
  readonly seed: number;
  /** How long a deployment runs on average, in simulated seconds that are real ones. */
  readonly runtimeSeconds: number;
}

const DEFAULTS = { url: 'http://127.0.0.1:3000', capacity: '0.25', seed: '1', runtime: '2' } as const;

/** How many deployments are generated when nobody says how many. */
export const DEFAULT_SIZE = 8_000;

/** The most deployments of one run: more says nothing new, and all of them are read back one page at a time. */
export const MAX_SIZE = 1_000_000;

export const HELP = `Usage: npm run demo -- [options]

Replays a workload against a running Stowage through its HTTP API: two organizations, their members in all roles,
three clusters, thousands of deployments that wait, start and end; then checks that everything is accounted for.

  --url URL            where the service answers (default ${DEFAULTS.url}); no account is needed there:
                       the demo registers its own users, with a random suffix
  --trace FILE         a pod list of the Alibaba cluster trace of 2023 (openb_pod_list_*.csv);
                       without it a workload is generated with the mix of shapes of that trace
  --capacity FRACTION  capacity of each cluster as a fraction of all that is asked of it (default ${DEFAULTS.capacity}: about a
                       quarter of the demand fits at once, the rest waits and is worked off in a few rounds;
                       every deployment fits into its cluster when that is empty)
  --limit N            at most so many deployments (default: the whole trace, or ${DEFAULT_SIZE} generated ones)
  --seed N             which workload is generated, and which deployments fail or are cancelled (default ${DEFAULTS.seed});
                       the same seed gives the same workload and the same outcomes
  --runtime SECONDS    how long a deployment runs on average (default ${DEFAULTS.runtime}; 0: ends as soon as it is seen)
  --help               this text

Exit code: 0 all invariants hold; 1 something does not, or the run came to a standstill; 2 it could not begin.
`;

/** What the command line asks for. @throws Stop with exit code 2 on anything that is not understood */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const values = parse(argv);
  if (values.help) return 'help';
  return {
    url: addressOf(values.url),
    trace: values.trace,
    capacity: numberOf('--capacity', values.capacity, { min: 0.001, max: 100, isWhole: false }),
    limit: values.limit === undefined ? undefined : numberOf('--limit', values.limit, { min: 1, max: MAX_SIZE }),
    seed: numberOf('--seed', values.seed, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    runtimeSeconds: numberOf('--runtime', values.runtime, { min: 0, max: 3600, isWhole: false }),
  };
}

interface Values {
  readonly url: string;
  readonly trace?: string;
  readonly capacity: string;
  readonly limit?: string;
  readonly seed: string;
  readonly runtime: string;
  readonly help: boolean;
}

function parse(argv: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        url: { type: 'string', default: DEFAULTS.url },
        trace: { type: 'string' },
        capacity: { type: 'string', default: DEFAULTS.capacity },
        limit: { type: 'string' },
        seed: { type: 'string', default: DEFAULTS.seed },
        runtime: { type: 'string', default: DEFAULTS.runtime },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new Stop(`${textOf(error)}\nnpm run demo -- --help shows what there is.`, 2);
  }
}

function addressOf(text: string): string {
  const url = URL.parse(text);
  const isUsable = url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.username === '';
  if (!isUsable) throw new Stop(`--url must be an address such as ${DEFAULTS.url}, not ${text}`, 2);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function numberOf(name: string, text: string, range: { min: number; max: number; isWhole?: boolean }): number {
  const { min, max, isWhole = true } = range;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max && (!isWhole || Number.isSafeInteger(value))) return value;
  throw new Stop(`${name} must be a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}, not ${text}`, 2);
}
