// One configuration for all suites. Sources are compiled by swc, with the same decorator metadata that the build emits;
// `#lib` names resolve through package.json "imports" under the same condition that the TypeScript compiler uses.
const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['stowage-source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
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

const suite = (displayName, testMatch, extra = {}) => ({ ...shared, displayName, testMatch, ...extra });

export default {
  // Real servers on two cores that do other things as well: a limit for what hangs, not for what is slow.
  testTimeout: 60_000,
  // What specs leave behind in their process (ES modules are never unloaded) adds up to more than its heap; a new one begins without it.
  workerIdleMemoryLimit: '1GB',
  // An installation that fails in the middle of its start leaves connections that would keep a failed run from ending.
  forceExit: true,
  projects: [
    suite('unit', ['<rootDir>/libs/**/*.spec.ts', '<rootDir>/apps/**/*.spec.ts', '<rootDir>/bench/**/*.spec.ts']),
    suite('architecture', ['<rootDir>/test/architecture/**/*.spec.ts']),
    suite('integration', ['<rootDir>/test/integration/**/*.spec.ts']),
    suite('e2e', ['<rootDir>/test/e2e/**/*.spec.ts']),
    suite('model', ['<rootDir>/test/model/**/*.spec.ts']),
    suite('browser', ['<rootDir>/test/browser/**/*.spec.ts']),
    suite('faults', ['<rootDir>/test/faults/**/*.spec.ts']),
  ],
};
