// `node scripts/sdk.mjs`: generates and compiles libs/sdk, from the document that the build serves.
import { buildSdk } from './lib/sdk.mjs';
import { prepare } from './lib/prepare.mjs';
import { main } from './lib/processes.mjs';

await main(async () => buildSdk(await prepare()));
