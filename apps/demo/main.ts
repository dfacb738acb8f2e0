import { demo } from './demo.js';
import { demoCommand, type Options } from './options.js';
import { Screen } from './screen.js';
import { Stop } from './stop.js';

const command = demoCommand()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse();
try {
  process.exitCode = await demo(command.opts<Options>(), new Screen(process.stdout));
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
