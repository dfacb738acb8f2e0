import { demo } from './demo.js';
import { HELP, readOptions } from './options.js';
import { Screen } from './screen.js';
import { Stop } from './stop.js';

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') process.stdout.write(HELP);
  else process.exitCode = await demo(options, new Screen(process.stdout));
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
