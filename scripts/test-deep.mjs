// `npm run test:deep [-- JEST ARGUMENTS]`: the properties of the unit suite with ten times as many random cases as `npm test`.
import process from 'node:process';

process.env.STOWAGE_DEEP = '1';
process.argv.splice(2, 0, '--selectProjects', 'unit', '--testTimeout=3600000');
await import('./test.mjs');
