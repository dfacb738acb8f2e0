#!/usr/bin/env node
import 'reflect-metadata';

import { Command, InvalidArgumentError, Option } from 'commander';

import { checkSettings } from '#config';

import type { ReplayOptions } from './replay.js';

/** Exit code of a command line that is not understood. */
const USAGE = 2;

const DATABASE = '\nThe database is that of DATABASE_URL, otherwise the one that npm start runs here.';

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is no whole number.');
  return Number(text);
}

function moment(text: string): Date {
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError('It is no time, as 2026-01-31T12:00:00Z.');
  }
  return date;
}

function hash(text: string): string {
  if (!/^[\da-f]{64}$/.test(text)) throw new InvalidArgumentError('It is no hash: 64 hexadecimal digits.');
  return text;
}

const program = new Command('stowage-admin')
  .description('Administers an installation of Stowage.')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE));

// Each command loads the libs that it needs, and no others.
const operator = program.command('operator').description('operators of the installation');
operator
  .command('create')
  .description('creates the operator NAME, or makes the user NAME an operator')
  .argument('<name>', 'username; the password of a new one is asked for, or read from standard input')
  .addHelpText('after', DATABASE)
  .action(async (name: string) => (await import('./operator.js')).createOperator(name));

const ledger = program.command('ledger').description('the ledger of all clusters');
ledger
  .command('audit')
  .description('recomputes every law of the ledger from its first entry; ends with 1 when one is broken')
  .addHelpText('after', DATABASE)
  .action(async () => (await import('./ledger.js')).auditLedger());
ledger
  .command('repair')
  .description("writes the entries that make one cluster's ledger agree with its deployments, and audits it")
  .argument('<cluster>', 'id of the cluster')
  .addHelpText('after', DATABASE)
  .action(async (cluster: string) => (await import('./ledger.js')).repairLedger(cluster));

program
  .command('plan')
  .description('prints the plan that the scheduler would make of a problem, as JSON (format: apps/admin/PLAN.md)')
  .argument('<file>', 'the problem, as POST /v1/plan takes it; - reads standard input')
  .option('--verify', "check the plan's proof with the separate verifier; ends with 1 when it is refused", false)
  .option(
    '--stop-at-steps <steps>',
    'repeat a plan that was stopped by time: the steps of its certificate',
    wholeNumber,
  )
  .action(async (file: string, { verify, stopAtSteps }: { verify: boolean; stopAtSteps?: number }) =>
    (await import('./plan.js')).planFile(file, verify, stopAtSteps),
  );

program
  .command('replay')
  .description(
    'plans again what the decision log of a cluster holds, and reports the first difference as JSON; ends with 1 when there is one',
  )
  .addOption(new Option('--cluster <id>', 'id of the cluster').conflicts('file'))
  .addOption(new Option('--file <path>', 'a log that --export has written, instead of the database'))
  .addOption(new Option('--from <time>', 'the first time; otherwise the oldest that is kept').argParser(moment))
  .addOption(new Option('--to <time>', 'the last time; otherwise now').argParser(moment))
  .addOption(
    new Option(
      '--policy <path>',
      'play the same time with the policy or capacity of this JSON file instead, and print the waits',
    ),
  )
  .addOption(new Option('--export <path>', 'write the log to a new file instead'))
  .addOption(
    new Option('--verify', 'recompute the chain of hashes instead; ends with 1 when it is broken').conflicts('export'),
  )
  .addOption(
    new Option('--head <hash>', 'with --verify: a head that was noted elsewhere, which must be in the chain')
      .argParser(hash)
      .implies({ verify: true }),
  )
  .addHelpText('after', DATABASE)
  .action(async (options: ReplayOptions) => (await import('./replay.js')).replayLog(options));

const config = program.command('config').description('the settings of this environment');
config
  .command('check')
  .description('checks that the API would start with this environment, and prints every setting, secrets masked')
  .addOption(new Option('--worker', 'check for a worker, which needs no secret of the API').conflicts('local'))
  .addOption(new Option('--local', 'check for npm start, which generates what is not set'))
  .action(({ worker, local }: { worker?: true; local?: true }) => {
    const { text, exitCode } = checkSettings(process.env, worker ? 'worker' : local ? 'local' : 'api');
    (exitCode === 0 ? process.stdout : process.stderr).write(text);
    process.exitCode = exitCode;
  });

const upgrade = program.command('upgrade').description('the next migration');
upgrade
  .command('check')
  .description('reports what a migration of the database of DATABASE_URL would meet; ends with 1 when it cannot begin')
  .action(async () => (await import('./upgrade.js')).checkUpgrade());

await program.parseAsync();
