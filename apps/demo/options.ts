import { Command, InvalidArgumentError } from 'commander';

/** The arguments of the demo. */
export interface Options {
  /** Address of the service, without a slash at the end. */
  readonly url: string;
  /** Path of a pod list; without it the workload is generated. */
  readonly trace?: string;
  readonly capacity: number;
  readonly limit?: number;
  readonly seed: number;
  /** Mean runtime of a deployment, in seconds. */
  readonly runtime: number;
}

/** The number of generated deployments without `--limit`. */
export const DEFAULT_SIZE = 8_000;

/** The most deployments of one run: all of them are read back, page by page. */
export const MAX_SIZE = 1_000_000;

const URL_EXAMPLE = 'http://127.0.0.1:3000';

/** The command line of the demo. */
export function demoCommand(): Command {
  return new Command('npm run demo --')
    .description(
      'Replays a workload against a running Stowage through its HTTP API: two organizations, their members in all roles, ' +
        'three clusters, thousands of deployments that wait, start and end; then checks that everything is accounted for.',
    )
    .option('--url <url>', 'address of the service; the demo registers users of its own there', address, URL_EXAMPLE)
    .option(
      '--trace <file>',
      'pod list of the Alibaba cluster trace of 2023 (openb_pod_list_*.csv); ' +
        'without it a workload is generated with the mix of shapes of that trace',
    )
    .option(
      '--capacity <fraction>',
      'capacity of each cluster, as a fraction of the sum of all requests; every deployment fits into its empty cluster',
      number({ min: 0.001, max: 100, isWhole: false }),
      0.25,
    )
    .option(
      '--limit <n>',
      `most deployments (default: the whole trace, or ${DEFAULT_SIZE} generated ones)`,
      number({ min: 1, max: MAX_SIZE }),
    )
    .option(
      '--seed <n>',
      'seed of the workload and of the outcomes of its deployments',
      number({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      1,
    )
    .option(
      '--runtime <seconds>',
      'mean runtime of a deployment; 0: it ends as soon as it is seen',
      number({ min: 0, max: 3600, isWhole: false }),
      2,
    )
    .addHelpText(
      'after',
      '\nExit code: 0 all invariants hold; 1 an invariant does not hold, or the run came to a standstill; 2 it could not begin.',
    );
}

function address(text: string): string {
  const url = URL.parse(text);
  const isUsable = url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.username === '';
  if (!isUsable) throw new InvalidArgumentError(`It must be an address such as ${URL_EXAMPLE}.`);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function number({ min, max, isWhole = true }: { min: number; max: number; isWhole?: boolean }) {
  return (text: string): number => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max && (!isWhole || Number.isSafeInteger(value))) return value;
    throw new InvalidArgumentError(`It must be a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}.`);
  };
}
