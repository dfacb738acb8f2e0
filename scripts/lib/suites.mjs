/** The Jest projects of `npm test`. `faults` takes long and has a command of its own, as has the long form of `model`. */
export const SUITES = ['unit', 'architecture', 'integration', 'e2e', 'model'];

/** The Jest project of all files that end in `.deep.spec.ts`: CI always runs it, `npm test` by lib/depth.mjs. */
export const DEEP_SUITE = 'deep';

/** Whose coverage is measured. */
export const COVERED = ['apps/**/*.ts', 'libs/**/*.ts', '!**/*.spec.ts', '!**/testing/**', '!libs/sdk/**'];

// What decides who gets what, and who may ask: less than this fails the run.
const CAREFULLY_TESTED = ['./libs/packing/', './libs/ledger/writer/', './libs/rbac/', './libs/auth/'];

/** Jest's `coverageThreshold`: per folder, in percent. */
export const COVERAGE_THRESHOLDS = Object.fromEntries(
  CAREFULLY_TESTED.map((folder) => [folder, { statements: 90, branches: 90 }]),
);
