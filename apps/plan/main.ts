// The offline planner: reads a problem, prints the plan that the service would make, through the same packing.
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';

import { plan, verify } from '#packing';

import { toAnswer } from './answer.js';
import { InvalidProblem } from './fields.js';
import { readProblem } from './problem.js';

const USAGE = `usage: npm run --silent plan -- PROBLEM.json [--verify]

Prints the plan that the scheduler would make of a problem, as JSON; - reads the problem from standard input.
--verify also checks the plan's proof with the separate verifier. The format is in apps/plan/README.md.
`;
const INVALID = 2;
const REFUSED = 1;

function fail(message: string, code: number): never {
  process.stderr.write(`plan: ${message}\n`);
  process.exit(code);
}

function readInput(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path === '-' ? 0 : path);
  } catch {
    return fail(`cannot read ${path}`, INVALID);
  }
  // Otherwise two ids that differ in broken bytes alone would be one.
  return isUtf8(bytes) ? bytes.toString() : fail('the problem must be JSON in UTF-8', INVALID);
}

function main(parameters: readonly string[]): void {
  const isChecked = parameters.includes('--verify');
  const [path, ...more] = parameters.filter((parameter) => parameter !== '--verify');
  if (path === '--help') {
    process.stdout.write(USAGE);
    return;
  }
  if (path === undefined || more.length > 0 || path.startsWith('--')) {
    process.stderr.write(USAGE);
    process.exitCode = INVALID;
    return;
  }
  const problem = readProblem(readInput(path));
  const startMs = performance.now();
  const result = plan(problem.snapshot, { withProof: isChecked });
  const elapsedMs = Math.round((performance.now() - startMs) * 1000) / 1000;
  const answer = toAnswer(problem, result, elapsedMs);
  if (!isChecked) {
    process.stdout.write(`${JSON.stringify(answer)}\n`);
    return;
  }
  const verdict = verify(problem.snapshot, result);
  process.stdout.write(`${JSON.stringify({ ...answer, verified: verdict.isAccepted })}\n`);
  if (!verdict.isAccepted) {
    process.stderr.write(`plan: the verifier refuses this plan: ${verdict.reason}\n`);
    process.exitCode = REFUSED;
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof InvalidProblem)) throw error;
  fail(error.message, INVALID);
}
