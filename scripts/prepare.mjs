// `node scripts/prepare.mjs`: installs and builds, if need be, and does nothing else.
import { prepare } from './lib/prepare.mjs';
import { main } from './lib/processes.mjs';

await main(prepare);
