// `node scripts/sdk.mjs`: generates and compiles libs/sdk from docs/openapi.json, unless it is up to date.
import { prepareSdk } from './lib/prepare.mjs';
import { main } from './lib/processes.mjs';

await main(prepareSdk);
