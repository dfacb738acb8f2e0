import { EXIT_CODE_OF_BAD_SETTINGS, type LocalSettings, loadCommandSettings, SettingsError } from '#config';
import { DomainError } from '#kernel';

import { sqlStateOf } from '../sql/sql-state.js';

/** The exit code of a command whose database cannot be reached (sysexits: EX_UNAVAILABLE): trying again later may help. */
export const EXIT_CODE_OF_UNREACHABLE = 69;

/**
 * Runs a command of a person or a script, and sets the exit code of the process. An expected failure is one sentence on standard error; a
 * stack is for the others.
 *
 * @param run receives the settings, and returns the exit code
 */
export async function runCommand(run: (settings: LocalSettings) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run(loadCommandSettings());
  } catch (error) {
    const [text, code] = wordsFor(error);
    process.stderr.write(`${text}\n`);
    process.exitCode = code;
  }
}

function wordsFor(error: unknown): readonly [string, number] {
  if (error instanceof SettingsError) return [error.message, EXIT_CODE_OF_BAD_SETTINGS];
  if (error instanceof DomainError || error instanceof CommandError) return [error.message, 1];
  const reason = unreachable(error);
  if (reason !== undefined) return [`the database cannot be reached: ${reason}`, EXIT_CODE_OF_UNREACHABLE];
  return [error instanceof Error ? (error.stack ?? error.message) : String(error), 1];
}

/** The reason why a command cannot do what was asked, as a sentence for its user. */
export class CommandError extends Error {}

/** Codes of the system when no server answers, and PostgreSQL's when it refuses a session: 08*, 28*, 57P0*, too many connections. */
const NO_ANSWER = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|ENOENT)/;
const REFUSED = /^(08|28|57P0|53300)/;
const NO_SUCH_DATABASE = '3D000';

/** In words why a database cannot be reached; undefined when the error is of another kind. */
export function unreachable(error: unknown): string | undefined {
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
    if (code === NO_SUCH_DATABASE) return `${cause.message}: correct DATABASE_URL, or create the database`;
    if (NO_ANSWER.test(code) || /timeout expired|Connection terminated/i.test(cause.message)) {
      // Several addresses of one name fail with an error that has parts and no text of its own.
      const parts = cause instanceof AggregateError ? cause.errors.map(String) : [];
      return cause.message !== '' ? cause.message : parts.join('; ') || code;
    }
  }
  return REFUSED.test(sqlStateOf(error) ?? '') && error instanceof Error ? error.message : undefined;
}
