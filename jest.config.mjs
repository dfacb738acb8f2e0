import { availableParallelism, totalmem } from 'node:os';

// One configuration for all suites. Sources are compiled by swc, with the same decorator metadata that the build emits;
// `#lib` names resolve through package.json "imports" under the same condition that the TypeScript compiler uses.
const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['stowage-source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  resolver: '<rootDir>/test/support/resolver.mjs',
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};

/** What a process of specs has at most before it is replaced, and what it may reach until then, with its share of the servers. */
const IDLE_LIMIT = '1GB';
const BYTES_PER_PROCESS = 2 ** 31;

/** Processes that share one PostgreSQL: its connections (throwawaySettings) suffice for this many. */
const MOST_PROCESSES = 4;

/**
 * Specs mostly wait for servers, so that one process leaves half of two cores idle: as many as there are cores, where memory allows. No
 * spec may mind the others: each has a database and a prefix in Redis of its own, and servers of its own where it stops them.
 */
const processes = Math.max(
  1,
  Math.min(availableParallelism(), MOST_PROCESSES, Math.floor(totalmem() / BYTES_PER_PROCESS)),
);

/** What costs much and says something new only after a change of the planner, the scheduler, the ledger or the database. */
const DEEP = '**/*.deep.spec.ts';

const suite = (displayName, folders) => ({
  ...shared,
  displayName,
  testMatch: folders.map((folder) => `<rootDir>/${folder}/**/*.spec.ts`),
  testPathIgnorePatterns: ['/node_modules/', '\\.deep\\.spec\\.ts$'],
});

export default {
  // Real servers on two cores that do other things as well: a limit for what hangs, not for what is slow.
  testTimeout: 60_000,
  // What specs leave behind in their process (ES modules are never unloaded) adds up to more than its heap; a new one begins without it.
  workerIdleMemoryLimit: IDLE_LIMIT,
  maxWorkers: processes,
  testSequencer: '<rootDir>/test/support/sequencer.mjs',
  reporters: ['default', '<rootDir>/test/support/slowest-files.mjs'],
  globalSetup: '<rootDir>/test/support/installations/setup.mjs',
  globalTeardown: '<rootDir>/test/support/installations/teardown.mjs',
  // An installation that fails in the middle of its start leaves connections that would keep a failed run from ending.
  forceExit: true,
  projects: [
    suite('unit', ['libs', 'apps', 'bench']),
    suite('architecture', ['test/architecture']),
    suite('integration', ['test/integration']),
    suite('e2e', ['test/e2e']),
    suite('model', ['test/model']),
    suite('browser', ['test/browser']),
    suite('clients', ['test/clients']),
    suite('faults', ['test/faults']),
    { ...shared, displayName: 'deep', testMatch: [`<rootDir>/{libs,test}/${DEEP}`] },
  ],
};
