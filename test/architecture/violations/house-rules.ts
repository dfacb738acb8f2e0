import { type Files } from '../support/temporary-tree.js';

/** A small tree that breaks one house rule, and where. */
export interface HouseViolation {
  readonly rule: string;
  readonly files: Files;
  /** The beginnings of the lines that accuse it: all of them, in order. */
  readonly reported: readonly string[];
}

const parameters = (count: number): string =>
  Array.from({ length: count }, (_, i) => `readonly p${i}: string`).join(', ');
const body = (lines: number): string => '  void 0;\n'.repeat(lines);
const controller = (method: string): string => `@Controller()\nexport class C {\n  @Get() ${method}\n}\n`;

/** A tree that breaks nothing, at the edge of each rule. */
export const HOUSE_VALID: Files = {
  'libs/a/README.md': '# a\n\nSays what it is for.\n',
  'libs/a/index.ts': `export { A, type AStatus } from './a.entity.js';\nexport { B } from './b.js';\n`,
  'libs/a/a.service.ts': `export class S { constructor(${parameters(7)}) {} }\n`,
  'libs/a/a.controller.ts':
    controller('async one(): Promise<void> { await this.service.one(); }') +
    controller('two(): string { return this.service.two(); }'),
  'libs/a/a.service.spec.ts': `describe.each([1])('a', () => {\n${body(200)}});\nconst f = new C(${parameters(0)});\n`,
  'libs/a/long.ts': `function f(): void {\n${body(68)}}\n`,
  'libs/b/README.md': '# b\n\nSays what it is for.\n',
  'libs/b/index.ts': 'export const b = 1;\n',
  'libs/b/b.dto.ts': `import { B } from '#a';\nimport { C } from './b.entity.js';\n`,
  'libs/database/README.md': '# database\n\nSays what it is for.\n',
  'libs/database/index.ts': 'export const database = 1;\n',
  'libs/database/migrations/index.ts': `import { First } from './0001-first.js';\nexport const ALL = [First];\n`,
  'libs/database/migrations/0001-first.ts': 'export class First {}\n',
};

const ONE_STATEMENT = 'a method of a controller is one statement';
const LENGTH = 'a function has at most 70 lines';
const DTO = 'a DTO imports no entity of another lib';
const DESCRIBED = 'a lib has a front door and a README that says more than its name';

/** Violations, each in a tree of its own. */
export const HOUSE_VIOLATIONS: readonly HouseViolation[] = [
  {
    rule: 'a constructor takes at most 7 dependencies',
    files: { 'libs/a/a.controller.ts': `export class C {\n  constructor(${parameters(8)}) {}\n}\n` },
    reported: ['libs/a/a.controller.ts:2'],
  },
  {
    rule: 'a controller lives in x.controller.ts',
    files: { 'apps/api/api.module.ts': controller('one(): void { f(); }') },
    reported: ['apps/api/api.module.ts:1'],
  },
  {
    rule: ONE_STATEMENT,
    files: { 'libs/a/a.controller.ts': controller('one(): void { f(); g(); }') },
    reported: ['libs/a/a.controller.ts:3'],
  },
  {
    rule: ONE_STATEMENT,
    files: { 'libs/a/a.controller.ts': controller('one(): void { if (this.two) { f(); g(); } }') },
    reported: ['libs/a/a.controller.ts:3'],
  },
  {
    rule: ONE_STATEMENT,
    files: { 'libs/a/a.controller.ts': controller('one(): void {}') },
    reported: ['libs/a/a.controller.ts:3'],
  },
  {
    rule: 'forwardRef is banned',
    files: { 'libs/a/a.module.ts': `import { forwardRef as later } from '@nestjs/common';\n` },
    reported: ['libs/a/a.module.ts:1'],
  },
  {
    rule: LENGTH,
    files: { 'libs/a/long.ts': `\nfunction f(): void {\n${body(69)}}\n` },
    reported: ['libs/a/long.ts:2'],
  },
  {
    rule: LENGTH,
    files: { 'libs/a/long.ts': `export const f = () => {\n${body(69)}};\n` },
    reported: ['libs/a/long.ts:1'],
  },
  {
    rule: LENGTH,
    files: { 'libs/a/long.spec.ts': `describe('a', () => {\n  it('b', () => {\n${body(69)}  });\n});\n` },
    reported: ['libs/a/long.spec.ts:2'],
  },
  {
    rule: DTO,
    files: { 'libs/b/b.dto.ts': `import { type A as Other, B } from '#a';\n` },
    reported: ['libs/b/b.dto.ts:1'],
  },
  {
    rule: DTO,
    files: { 'libs/a/index.ts': `export * from './a.entity.js';\n`, 'libs/b/b.dto.ts': `import { A } from '#a';\n` },
    reported: ['libs/b/b.dto.ts:1'],
  },
  { rule: DESCRIBED, files: { 'libs/c/README.md': '# c\n\nText.\n' }, reported: ['libs/c/index.ts'] },
  { rule: DESCRIBED, files: { 'libs/c/index.ts': 'export const c = 1;\n' }, reported: ['libs/c/README.md'] },
  { rule: DESCRIBED, files: { 'libs/a/README.md': '# a\n\n' }, reported: ['libs/a/README.md'] },
  {
    rule: 'every migration is registered',
    files: { 'libs/database/migrations/0002-second.ts': 'export class Second {}\n' },
    reported: ['libs/database/migrations/0002-second.ts'],
  },
];
