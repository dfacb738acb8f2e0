import { type Files } from '../support/temporary-tree.js';

/** A file that breaks one rule, and what the linter says of it. */
export interface LintViolation {
  readonly file: string;
  readonly text: string;
  readonly rule: string;
  /** Part of the message, where several house rules share a rule of the linter. */
  readonly says?: RegExp;
}

const AMOUNTS = 'interface Amounts { cpuMillis: number; memoryMib: number; gpuMillis: number }\n';

/** Uses every exception that the configuration makes. */
export const LINT_VALID: Files = {
  'libs/kernel/resource-vector.ts': `${AMOUNTS}export const plus = (a: Amounts, b: Amounts): number => a.cpuMillis + b.cpuMillis;\n`,
  'libs/packing/engine.ts': `${AMOUNTS}export const first = (a: Int32Array, b: Amounts): number => a[0]! + b.gpuMillis;\n`,
  'libs/config/settings.ts': `export const port = process.env['PORT'];\n`,
  'libs/http/problem.ts': `export { HttpException, HttpStatus } from '@nestjs/common';\n`,
  'libs/clusters/clusters.service.ts': `
    import { Injectable, Logger } from '@nestjs/common';
    @Injectable()
    export class ClustersService {
      constructor(private readonly logger: Logger) {}
      log(a: { gpuMillis: number }, b: { tokenHash: string | null }): void {
        if (a.gpuMillis > 0 && b.tokenHash !== null) this.logger.log('has GPUs');
      }
    }\n`,
  'libs/clusters/clusters.controller.ts': `
    import { Controller, Get, HttpCode } from '@nestjs/common';
    import { ClustersService } from './clusters.service.js';
    @Controller()
    export class ClustersController {
      constructor(private readonly clusters: ClustersService) {}
      @Get() @HttpCode(204) list(): void { this.clusters.log({ gpuMillis: 0 }, { tokenHash: null }); }
    }\n`,
  'libs/auth/spread-text.ts': `export const points = (text: string): string[] => [...text];\n`,
  'apps/api/main.ts': `console.log(process.env['PORT']);\n`,
  'bench/figures.ts': `console.log('figures');\n`,
  'scripts/start.mjs': `console.log(process.env.PORT, setTimeout, URL);\n`,
};

const lines = (count: number): string => Array.from({ length: count }, () => '  Math.random();\n').join('');
const amounts = (expression: string): string =>
  `${AMOUNTS}export function f(a: Amounts, b: Amounts): unknown { return ${expression}; }\n`;
const secret = (expression: string): string =>
  `export const f = (a: { tokenHash: string; secret: string }, b: string): boolean => ${expression};\n`;

const RESOURCES_SAYS = /value type/;
const SECRET_SAYS = /timingSafeEqual/;
const syntax = 'no-restricted-syntax';

/** Violations, each in a file of its own. */
export const LINT_VIOLATIONS: readonly LintViolation[] = [
  {
    file: 'libs/auth/floating.ts',
    text: 'export function f(g: () => Promise<void>): void { g(); }\n',
    rule: '@typescript-eslint/no-floating-promises',
  },
  {
    file: 'libs/auth/misused.ts',
    text: 'export function f(g: () => Promise<boolean>): number { return g() ? 1 : 2; }\n',
    rule: '@typescript-eslint/no-misused-promises',
  },
  {
    file: 'libs/auth/async-void.ts',
    text: 'export function f(g: (h: () => void) => void): void { g(async () => { await Promise.resolve(); }); }\n',
    rule: '@typescript-eslint/no-misused-promises',
  },
  {
    file: 'libs/auth/switch.ts',
    text: `export function f(k: 'a' | 'b'): void { switch (k) { case 'a': break; } }\n`,
    rule: '@typescript-eslint/switch-exhaustiveness-check',
  },
  {
    file: 'libs/auth/open-switch.ts',
    text: `export function f(k: string): void { switch (k) { case 'a': break; } }\n`,
    rule: '@typescript-eslint/switch-exhaustiveness-check',
  },
  {
    file: 'libs/auth/any.ts',
    text: 'export const f = (a: any): void => { void a; };\n',
    rule: '@typescript-eslint/no-explicit-any',
  },
  {
    file: 'libs/auth/unsafe-assignment.ts',
    text: `const a = JSON.parse('{}');\nexport const b: unknown = a;\n`,
    rule: '@typescript-eslint/no-unsafe-assignment',
  },
  {
    file: 'libs/auth/unsafe-member.ts',
    text: `export const a: unknown = JSON.parse('{}').b;\n`,
    rule: '@typescript-eslint/no-unsafe-member-access',
  },
  {
    file: 'libs/auth/unsafe-call.ts',
    text: `export const a: unknown = JSON.parse('{}')();\n`,
    rule: '@typescript-eslint/no-unsafe-call',
  },
  {
    file: 'libs/auth/unsafe-return.ts',
    text: `export function f(): string { return JSON.parse('""'); }\n`,
    rule: '@typescript-eslint/no-unsafe-return',
  },
  {
    file: 'libs/auth/unsafe-argument.ts',
    text: `export const a = Math.abs(JSON.parse('1'));\n`,
    rule: '@typescript-eslint/no-unsafe-argument',
  },
  {
    file: 'libs/auth/untyped.ts',
    text: 'export function f() { return 1; }\n',
    rule: '@typescript-eslint/explicit-module-boundary-types',
  },
  {
    file: 'libs/auth/value-import.ts',
    text: `import { Amounts } from './amounts.js';\nexport type A = Amounts;\n`,
    rule: '@typescript-eslint/consistent-type-imports',
  },
  {
    file: 'libs/auth/ignored.ts',
    text: '// @ts-expect-error: it is wrong, but never mind\nexport const a: string = 1;\n',
    rule: '@typescript-eslint/ban-ts-comment',
  },
  {
    file: 'libs/auth/non-null.ts',
    text: 'export const f = (a: readonly number[]): number => a[0]!;\n',
    rule: '@typescript-eslint/no-non-null-assertion',
  },
  {
    file: 'libs/auth/void.ts',
    text: `export const f = (g: () => void): number => { return g() ?? 1; };\n`,
    rule: '@typescript-eslint/no-confusing-void-expression',
  },
  {
    file: 'libs/auth/empty-class.ts',
    text: 'export class Drawer { static readonly size = 1; }\n',
    rule: '@typescript-eslint/no-extraneous-class',
  },
  {
    file: 'libs/auth/always.ts',
    text: `export const f = (a: { b: string }): string => a?.b;\n`,
    rule: '@typescript-eslint/no-unnecessary-condition',
  },
  {
    file: 'libs/auth/template.ts',
    text: 'export const f = (a: string | null): string => `${a}`;\n',
    rule: '@typescript-eslint/restrict-template-expressions',
  },
  { file: 'libs/auth/console.ts', text: `console.log('hello');\nexport {};\n`, rule: 'no-console' },
  { file: 'libs/auth/env.ts', text: `export const home = process.env['HOME'];\n`, rule: 'no-restricted-properties' },
  { file: 'libs/auth/env-taken-apart.ts', text: `export const { env } = process;\n`, rule: 'no-restricted-properties' },
  {
    file: 'apps/api/module-env.ts',
    text: `export const home = process.env['HOME'];\n`,
    rule: 'no-restricted-properties',
  },
  {
    file: 'libs/auth/env-import.ts',
    text: `import { env } from 'node:process';\nexport const home = env['HOME'];\n`,
    rule: 'no-restricted-imports',
    says: /environment/,
  },
  {
    file: 'libs/auth/auth.service.ts',
    text: `import { NotFoundException } from '@nestjs/common';\nexport const e = NotFoundException;\n`,
    rule: 'no-restricted-imports',
    says: /DomainError/,
  },
  {
    file: 'libs/auth/auth.controller.ts',
    text: `import { HttpStatus } from '@nestjs/common';\nexport const e = HttpStatus.OK;\n`,
    rule: 'no-restricted-imports',
    says: /DomainError/,
  },
  {
    file: 'libs/auth/namespace.ts',
    text: `import * as nest from '@nestjs/common';\nexport const e = nest.HttpStatus;\n`,
    rule: 'no-restricted-imports',
    says: /DomainError/,
  },
  {
    file: 'libs/config/http.ts',
    text: `import { HttpException } from '@nestjs/common';\nexport const e = HttpException;\n`,
    rule: 'no-restricted-imports',
    says: /DomainError/,
  },
  {
    file: 'libs/auth/forward-ref.ts',
    text: `import { forwardRef } from '@nestjs/common';\nexport const f: unknown = forwardRef(() => Object);\n`,
    rule: syntax,
    says: /hides a cycle/,
  },
  {
    file: 'test/model/forward-ref.ts',
    text: `import { forwardRef as later } from '@nestjs/common';\nexport const f: unknown = later(() => Object);\n`,
    rule: syntax,
    says: /hides a cycle/,
  },
  { file: 'libs/clusters/sum.ts', text: amounts('a.cpuMillis + b.cpuMillis'), rule: syntax, says: RESOURCES_SAYS },
  { file: 'libs/clusters/less.ts', text: amounts('100 - b.gpuMillis'), rule: syntax, says: RESOURCES_SAYS },
  { file: 'libs/clusters/assign.ts', text: amounts('(a.memoryMib += 1)'), rule: syntax, says: RESOURCES_SAYS },
  {
    file: 'libs/clusters/assign-from.ts',
    text: `${AMOUNTS}export function f(a: Amounts, n: number): number { let m = n; m -= a.memoryMib; return m; }\n`,
    rule: syntax,
    says: RESOURCES_SAYS,
  },
  { file: 'libs/clusters/increment.ts', text: amounts('a.gpuMillis++'), rule: syntax, says: RESOURCES_SAYS },
  { file: 'libs/clusters/fits.ts', text: amounts('a.cpuMillis <= b.cpuMillis'), rule: syntax, says: RESOURCES_SAYS },
  {
    file: 'libs/clusters/each.ts',
    text: `${AMOUNTS}export const f = (a: Amounts, b: Amounts, resource: keyof Amounts): number => a[resource] - b[resource];\n`,
    rule: syntax,
    says: RESOURCES_SAYS,
  },
  { file: 'libs/auth/hash.ts', text: secret('a.tokenHash === b'), rule: syntax, says: SECRET_SAYS },
  { file: 'libs/auth/secret.ts', text: secret('b !== a.secret'), rule: syntax, says: SECRET_SAYS },
  {
    file: 'libs/auth/plain-hash.ts',
    text: `export const f = (codeHash: string, b: string): boolean => codeHash === b;\n`,
    rule: syntax,
    says: SECRET_SAYS,
  },
  {
    file: 'libs/packing/clock.ts',
    text: 'export const now = (): number => Date.now();\n',
    rule: syntax,
    says: /no clock/,
  },
  {
    file: 'libs/packing/dice.ts',
    text: 'export const dice = (): number => Math.random();\n',
    rule: syntax,
    says: /no dice/,
  },
  {
    file: 'libs/auth/parameters.ts',
    text: 'export function f(...a: [number]): void { void a; }\nexport const g = (a: 1, b: 1, c: 1, d: 1, e: 1, f: 1): void => { void [a, b, c, d, e, f]; };\n',
    rule: syntax,
    says: /five parameters/,
  },
  {
    file: 'libs/auth/method-parameters.ts',
    text: 'export class C { f(a: 1, b: 1, c: 1, d: 1, e: 1, f: 1): void { void [this, a, b, c, d, e, f]; } }\n',
    rule: syntax,
    says: /five parameters/,
  },
  {
    file: 'libs/auth/long-function.ts',
    text: `export function f(): void {\n${lines(69)}}\n`,
    rule: 'max-lines-per-function',
  },
  { file: 'libs/auth/long-file.ts', text: `${lines(500)}export {};\n`, rule: 'max-lines' },
  {
    file: 'libs/auth/double.ts',
    text: `export const f = (a: unknown, b: unknown): boolean => a == b;\n`,
    rule: 'eqeqeq',
  },
  { file: 'libs/auth/later.ts', text: `// TODO: later\nexport {};\n`, rule: 'no-warning-comments' },
  {
    file: 'libs/auth/switched-off.ts',
    text: `/* eslint-disable eqeqeq */\nexport const f = (a: unknown, b: unknown): boolean => a == b;\n`,
    rule: 'eqeqeq',
  },
  { file: 'scripts/unknown.mjs', text: 'nowhere();\n', rule: 'no-undef' },
  { file: 'scripts/unused.mjs', text: 'const unused = 1;\n', rule: 'no-unused-vars' },
  {
    file: 'libs/auth/spread.ts',
    text: `export class C { a = 1; }\nexport const f = (c: C): object => ({ ...c });\n`,
    rule: '@typescript-eslint/no-misused-spread',
  },
  { file: 'scripts/forward-ref.mjs', text: 'export const forwardRef = 1;\n', rule: syntax, says: /hides a cycle/ },
];
