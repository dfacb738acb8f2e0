import { setConfig } from './generated/kubb/.kubb/fetch.js';
import { createThing } from './generated/kubb/index.js';

declare const process: { readonly argv: readonly string[] };

setConfig({ baseURL: process.argv[2] ?? '' });
await createThing({ data: { name: 'a thing' } });
