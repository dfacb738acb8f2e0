import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';

import { PlanningPolicyDto } from '#clusters';
import { ArrayField, IntegerField, ObjectField, readDto } from '#http';
import { duplicateIds, SimulationQueuedDto, SimulationRunningDto, toProblem, SimulationRequestDto } from '#insights';
import { AmbiguousJson, MalformedJson, parseStrictJson } from '#kernel';
import { answerOf, plan, type Problem, problemOf, verify } from '#packing';

const REFUSED = 1;
const INVALID = 2;

/** A file that holds no problem, with the reason. */
export class InvalidProblem extends Error {}

// A file is not limited as a request is: it may hold any number of deployments, and the search may take as long as it needs.
class PolicyInFile extends PlanningPolicyDto {}
IntegerField({ description: 'Steps of one plan.', min: 0, max: 100_000_000, optional: true })(
  PolicyInFile.prototype,
  'searchSteps',
);

class ProblemInFile extends SimulationRequestDto {}
const UNLIMITED = { max: Number.MAX_SAFE_INTEGER };
ObjectField(() => PolicyInFile, { description: 'Policy.', optional: true, nullable: true })(
  ProblemInFile.prototype,
  'policy',
);
ArrayField(() => SimulationRunningDto, { description: 'Running.', ...UNLIMITED, default: [] })(
  ProblemInFile.prototype,
  'running',
);
ArrayField(() => SimulationQueuedDto, { description: 'Queued.', ...UNLIMITED })(ProblemInFile.prototype, 'queue');

/**
 * The command `plan`: plans the problem of a file through the scheduler's own planner.
 * @param stopAtSteps the steps of a plan that was stopped by time, to repeat it
 */
export function planFile(path: string, isVerified: boolean, stopAtSteps?: number): void {
  try {
    const { snapshot, members } = readProblem(readFileSync(path === '-' ? 0 : path));
    const startMs = performance.now();
    const options = stopAtSteps === undefined ? {} : { stopAtSteps };
    const result = plan(snapshot, { withProof: isVerified, ...options });
    const elapsedMs = Math.round((performance.now() - startMs) * 1000) / 1000;
    const answer = answerOf({ snapshot, members }, result, (timeMs) => new Date(timeMs).toISOString());
    const verdict = isVerified ? verify(snapshot, result) : undefined;
    const verified = verdict === undefined ? {} : { verified: verdict.isAccepted };
    process.stdout.write(`${JSON.stringify({ ...answer, elapsedMs, ...verified })}\n`);
    if (verdict?.isAccepted === false) fail(`the verifier refuses this plan: ${verdict.reason}`, REFUSED);
  } catch (error) {
    const isUnreadable = error instanceof Error && 'syscall' in error;
    if (!(error instanceof InvalidProblem) && !isUnreadable) throw error;
    fail(error.message, INVALID);
  }
}

/** Reads the content of a file. @throws InvalidProblem with the first invalid field */
export function readProblem(content: Buffer): Problem {
  // Two ids that differ in invalid bytes alone would become one.
  if (!isUtf8(content)) throw new InvalidProblem('the problem must be JSON in UTF-8');
  const { value, errors } = readDto(ProblemInFile, parse(content.toString()), 'json');
  if (errors.length > 0) refuse(errors);
  const problem = toProblem(value);
  refuse(duplicateIds(problem));
  return problemOf(problem);
}

function parse(json: string): unknown {
  try {
    return parseStrictJson(json);
  } catch (error) {
    if (error instanceof MalformedJson) throw new InvalidProblem(`the problem must be JSON: ${error.message}`);
    if (error instanceof AmbiguousJson) {
      refuse([error.field]);
      return;
    }
    throw error;
  }
}

/** @throws InvalidProblem with the first of the errors */
function refuse([first]: readonly { readonly pointer: string; readonly message: string }[]): void {
  if (first !== undefined) throw new InvalidProblem(`${first.pointer} ${first.message}`);
}

function fail(message: string, exitCode: number): void {
  process.stderr.write(`plan: ${message}\n`);
  process.exitCode = exitCode;
}
