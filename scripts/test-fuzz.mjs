// `npm run test:fuzz [-- --requests N]`: 10,000 requests made from the API's document, valid and otherwise.
import process from 'node:process';

const [, , flag, count] = process.argv;
if (flag !== undefined && (flag !== '--requests' || !/^\d{1,7}$/.test(count ?? ''))) {
  process.stderr.write('usage: npm run test:fuzz [-- --requests N]\n');
  process.exit(2);
}
process.env.STOWAGE_FUZZ_REQUESTS = count ?? '10000';
process.argv.splice(2, 2, '--selectProjects', 'e2e', '--testPathPatterns', 'e2e/fuzz');
await import('./test.mjs');
