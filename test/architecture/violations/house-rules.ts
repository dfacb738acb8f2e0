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
  'libs/a/titles.spec.ts': "it.each([1])('keeps a name so that %s is found', () => {});\n",
  'libs/a/a.module.ts': `import { two } from './x/two.js';\nexport const m = two;\n`,
  'libs/a/x/two.ts': `import { S } from '../a.service.js';\nexport const two = S;\n`,
  'libs/a/a.service.spec.ts': `describe.each([1])('a', () => {\n${body(200)}});\nconst f = new C(${parameters(0)});\n`,
  'libs/a/long.ts': `function f(): void {\n${body(68)}}\n`,
  'libs/b/README.md': `# b\n\n${'A line.\n'.repeat(88)}`,
  ...Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`libs/b/g${i}.ts`, 'export const g = 1;\n'])),
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
const WORDS = 'text names what it speaks of: a deployment, a user, a number';
const TITLES = 'the title of a test is a sentence that begins with a verb';
const FOLDERS = 'two folders of a lib do not import each other';
const DESCRIBED = 'a lib has an index.ts and a README with text';

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
    files: { 'libs/a/long.spec.ts': `describe('a', () => {\n  it('breaks', () => {\n${body(69)}  });\n});\n` },
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
  ...['whoever', 'whomever', 'somebody', 'someone', 'nobody', 'whom', 'so many'].map((word) => ({
    rule: WORDS,
    files: { 'libs/a/words.ts': `/** Locks it for\n * ${word} waits. */\nexport const w = 1;\n` },
    reported: ['libs/a/words.ts:2'],
  })),
  { rule: WORDS, files: { 'docs/a.md': 'Nobody knows.\n' }, reported: ['docs/a.md:1'] },
  { rule: TITLES, files: { 'libs/a/b.spec.ts': "it('is refused', () => {});\n" }, reported: ['libs/a/b.spec.ts:1'] },
  {
    rule: TITLES,
    files: { 'libs/a/b.spec.ts': "it.each([1])('of several: %s', () => {});\n" },
    reported: ['libs/a/b.spec.ts:1'],
  },
  { rule: TITLES, files: { 'libs/a/b.spec.ts': "it('refuses it', () => {});\n" }, reported: ['libs/a/b.spec.ts:1'] },
  {
    rule: TITLES,
    files: { 'libs/a/b.spec.ts': "it('refuses a name so', () => {});\n" },
    reported: ['libs/a/b.spec.ts:1'],
  },
  {
    rule: FOLDERS,
    files: {
      'libs/a/x/one.ts': `import { two } from '../y/two.js';\nexport const one = two;\n`,
      'libs/a/y/two.ts': `export const two = 2;\n`,
      'libs/a/y/three.ts': `import { type one } from '../x/one.js';\nexport type T = typeof one;\n`,
    },
    reported: ['libs/a/x/one.ts'],
  },
  {
    rule: FOLDERS,
    files: {
      'libs/a/one.ts': `export { two } from './x/two.js';\n`,
      'libs/a/x/two.ts': `import { S } from '../a.service.js';\nexport const two = S;\n`,
    },
    reported: ['libs/a/one.ts'],
  },
  {
    rule: 'a lib has at most 12 files at its root',
    files: Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`libs/b/f${i}.ts`, 'export const f = 1;\n'])),
    reported: ['libs/b'],
  },
  {
    rule: "a lib's README has at most 90 lines",
    files: { 'libs/b/README.md': `# b\n\n${'A line.\n'.repeat(89)}` },
    reported: ['libs/b/README.md'],
  },
];
