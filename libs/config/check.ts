import { checkSettings } from './check-settings.js';

/** The command `config:check`: says whether a process would start with this environment, and what it would read from it. */
const { text, exitCode } = checkSettings(process.env, process.argv.slice(2));
(exitCode === 0 ? process.stdout : process.stderr).write(text);
process.exitCode = exitCode;
