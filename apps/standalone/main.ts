import { readArguments } from './arguments.js';
import { oneMachine } from './one-machine.js';
import { inForeground } from './services/foreground.js';
import { countFrom } from './services/terminal.js';
import { withServices } from './with-services.js';

await inForeground((signal) => {
  const { began, redisServer, isWatching, command } = readArguments(process.argv.slice(2));
  countFrom(began);
  const context = { environment: process.env, redisServer, isWatching, signal };
  return command.length === 0 ? oneMachine(context) : withServices(context, command);
});
