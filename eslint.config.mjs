// Rules that neither the compiler nor a reviewer should have to check: no `any`, no promise without await, and
// the house rules that speak of names rather than of imports (those are in .dependency-cruiser.mjs). No comment in the
// code can switch a rule off; an exception is made here, with its reason, or not at all.
import { existsSync } from 'node:fs';

import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

import layers from './libs/layers.json' with { type: 'json' };

/** A place of layers.json as a glob: a folder ends in `/`, a name without `/` is a file's name anywhere. */
const globOf = (place) => (place.endsWith('/') ? `${place}**` : place.includes('/') ? place : `**/${place}`);

const TYPED = ['**/*.ts'];
const SPECS = ['**/*.spec.ts'];
const AROUND = ['test/**', 'bench/**', 'scripts/**', 'libs/*/testing/**'];

const RESOURCE = '/^(cpuMillis|memoryMib|gpuMillis)$/';
const SECRET = '/^(?!is[A-Z]|has[A-Z]).*(Hash|Secret|_hash|_secret)$|^(hash|secret)$/';
const ARITHMETIC = '/^(\\+|-|\\*|\\/|%|\\*\\*)$/';
const ORDERING = '/^[<>]=?$/';
const NOTHING = ':matches(Literal[raw="null"], Identifier[name="undefined"])';
const named = (pattern) => `:matches(Identifier[name=${pattern}], MemberExpression[property.name=${pattern}])`;
const amount = `:matches(MemberExpression[property.name=${RESOURCE}], MemberExpression[computed=true][property.name="resource"])`;

/** Syntax that is refused, by house rule. */
const refused = {
  circles: [
    {
      selector: 'Identifier[name="forwardRef"]',
      message: 'forwardRef hides a cycle: cut it by a port (an abstract class as token) that the lower lib provides.',
    },
  ],
  secrets: [
    {
      selector: `BinaryExpression[operator=/^[!=]==?$/]:has(> ${named(SECRET)}):not(:has(> ${NOTHING}))`,
      message:
        'Comparing a secret or a hash with === tells its beginning by the time that it takes: use timingSafeEqual.',
    },
  ],
  arithmetic: [
    {
      selector: [
        `BinaryExpression[operator=${ARITHMETIC}] > ${amount}`,
        `BinaryExpression[operator=${ORDERING}]:has(> ${amount}.left):has(> ${amount}.right)`,
        `AssignmentExpression[operator=/^(\\+|-|\\*|\\/|%)=$/] > ${amount}`,
        `UpdateExpression > ${amount}`,
      ].join(', '),
      message: 'Resources are a value type: add and compare them with ResourceVector, in all dimensions at once.',
    },
  ],
  chance: [
    {
      selector: 'MemberExpression[object.name="Math"][property.name="random"], Identifier[name="Date"]',
      message: 'The plan is a function of the snapshot alone: no dice, no clock.',
    },
  ],
  parameters: [
    {
      selector: [
        'FunctionDeclaration[params.length>5]',
        'ArrowFunctionExpression[params.length>5]',
        ':not(MethodDefinition[kind="constructor"]) > FunctionExpression[params.length>5]',
      ].join(', '),
      message: 'More than five parameters: give them names in one object.',
    },
  ],
};

const withoutSyntax = (...groups) => ({ 'no-restricted-syntax': ['error', ...groups.flat()] });
const everywhere = [refused.circles, refused.secrets, refused.parameters];

const HTTP_WORDS = {
  group: ['@nestjs/common'],
  importNamePattern: '(Exception|^HttpStatus|^HttpExceptionBody)$',
  message: 'Only http knows status codes and HTTP exceptions: throw a DomainError of the lib.',
};
const ENVIRONMENT_IMPORT = {
  group: ['process', 'node:process'],
  importNamePattern: '^(env|default)$',
  message: 'Only config reads the environment.',
};

/** Without what `npm run sdk` generates, the types of the SDK's sources are not known. */
const SDK_SOURCES = existsSync(new URL('libs/sdk/generated', import.meta.url)) ? [] : ['libs/sdk/**/*.ts'];

export default defineConfig(
  {
    ignores: [
      'node_modules/',
      '**/dist/',
      'coverage/',
      '.data/',
      '.cache/',
      '.venv/',
      // Programs on generated code, which test:clients compiles.
      'test/clients/journeys/',
      'test/clients/faults/',
      'libs/sdk/generated/',
      ...SDK_SOURCES,
    ],
  },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,

  // --- Every file -----------------------------------------------------------------------------------------------------
  {
    languageOptions: {
      ecmaVersion: 'latest',
      sourceType: 'module',
      // These files run under the same Node as this one, which therefore knows the names that they may use.
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
    },
    rules: {
      eqeqeq: 'error',
      'no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 70 }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'], location: 'start' }],
      ...withoutSyntax(...everywhere),
    },
  },

  // --- TypeScript -----------------------------------------------------------------------------------------------------
  {
    files: TYPED,
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json', './libs/sdk/tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/ban-ts-comment': [
        'error',
        { 'ts-expect-error': true, 'ts-ignore': true, 'ts-nocheck': true, 'ts-check': false },
      ],
      // Leaves every file with decorators alone, where a type import would take the class from Nest's metadata.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Nest's modules are classes without members, and a class without any can be a token or a shape.
      '@typescript-eslint/no-extraneous-class': ['error', { allowEmpty: true, allowWithDecorator: true }],
      // Taking a text apart by code points is what we mean by it.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        {
          allowAny: false,
          allowBoolean: true,
          allowNever: false,
          allowNullish: false,
          allowNumber: true,
          allowRegExp: false,
        },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { requireDefaultForNonUnion: true }],
      // Ports are abstract classes, and whatever has their shape is one.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // The compiler says it already, and better.
      '@typescript-eslint/no-unused-vars': 'off',
      'no-console': 'error',
      'no-restricted-imports': ['error', { patterns: [HTTP_WORDS, ENVIRONMENT_IMPORT] }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config reads the environment: take a setting instead.' },
      ],
      ...withoutSyntax(...everywhere, refused.arithmetic),
    },
  },

  // --- Exceptions, each with its reason -------------------------------------------------------------------------------
  {
    // The value type itself, in the libs and in an app that imports the SDK alone.
    files: ['libs/kernel/resource-vector.ts', 'apps/demo/resources.ts'],
    rules: withoutSyntax(...everywhere),
  },
  {
    // The engine works on typed arrays, where an index that is in bounds is known to the author alone.
    files: ['libs/packing/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', ...withoutSyntax(...everywhere, refused.chance) },
  },
  {
    // The translation of domain errors to HTTP.
    files: layers.httpWords.map(globOf),
    rules: { 'no-restricted-imports': ['error', { patterns: [ENVIRONMENT_IMPORT] }] },
  },
  {
    // Where settings are read, once, at start.
    files: layers.environment.map(globOf),
    rules: { 'no-restricted-imports': ['error', { patterns: [HTTP_WORDS] }], 'no-restricted-properties': 'off' },
  },
  {
    // What people watch in a terminal.
    files: ['apps/**', ...AROUND],
    rules: { 'no-console': 'off' },
  },
  {
    // Tests start the program with environments of their own, and check figures by hand.
    files: [...SPECS, ...AROUND],
    rules: {
      'no-restricted-imports': 'off',
      'no-restricted-properties': 'off',
      ...withoutSyntax(...everywhere),
    },
  },
  {
    // What `describe` takes is a chapter, not a function; the architecture tests measure the functions in it.
    files: SPECS,
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
