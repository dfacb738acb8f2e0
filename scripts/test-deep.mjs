// `npm run test:deep [-- JEST ARGUMENTS]`: the unit tests, with ten times as many random cases for each property as a full run.
import process from 'node:process';

process.env.STOWAGE_TEST_DEPTH = 'tenfold';
process.argv.splice(2, 0, '--selectProjects', 'unit', '--testTimeout=3600000');
await import('./test.mjs');
