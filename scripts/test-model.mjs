// `npm run test:model -- [--operations N] [--seed N]`: the model test of the ledger, as long as one likes; otherwise as `npm test`.
import process from 'node:process';

const [, , ...args] = process.argv;
const rest = [];
for (let at = 0; at < args.length; at++) {
  const name = { '--operations': 'STOWAGE_MODEL_OPERATIONS', '--seed': 'STOWAGE_TEST_SEED' }[args[at]];
  if (name === undefined) rest.push(args[at]);
  else if (/^\d{1,10}$/.test(args[at + 1] ?? '')) process.env[name] = args[(at += 1)];
  else {
    process.stderr.write(`${args[at]} takes a number\n`);
    process.exit(2);
  }
}
process.argv.splice(2, args.length, '--selectProjects', 'model', ...rest);
await import('./test.mjs');
