import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join, relative } from 'node:path';

import { LINT_VIOLATIONS, LINT_VALID } from './violations/lint.js';
import { type Files, TemporaryTree, printedBy, PROJECT } from './support/temporary-tree.js';

interface Finding {
  readonly ruleId: string | null;
  readonly message: string;
}

type Report = readonly { readonly filePath: string; readonly messages: readonly Finding[] }[];

/** A block of the linter's configuration. */
interface Block {
  readonly name?: string;
  readonly rules?: Readonly<Record<string, unknown>>;
}

describe('the linter', () => {
  let tree: TemporaryTree;
  let findings: ReadonlyMap<string, readonly Finding[]>;

  beforeAll(async () => {
    const planted = Object.fromEntries(LINT_VIOLATIONS.map(({ file, text }) => [file, text]));
    const beside: Files = { 'libs/auth/amounts.ts': 'export interface Amounts { cpuMillis: number }\n' };
    tree = TemporaryTree.of({ ...LINT_VALID, ...beside, ...planted });
    const report = JSON.parse(await printedBy(tree.root, 'eslint/bin/eslint.js', ['.', '--format', 'json'])) as Report;
    findings = new Map(report.map(({ filePath, messages }) => [relative(tree.root, filePath), messages]));
  }, 60_000);
  afterAll(() => tree.remove());

  it.each(LINT_VIOLATIONS)('refuses $file: $rule', ({ file, rule, says = /./ }) => {
    const found = findings.get(file)?.filter(({ ruleId, message }) => ruleId === rule && says.test(message));
    expect(found).toBeDefined();
    expect(found).not.toHaveLength(0);
  });

  it('has no rule of its own without a planted violation', async () => {
    const { default: blocks } = (await import(join(PROJECT, 'eslint.config.mjs'))) as { default: readonly Block[] };
    // Blocks with a name are the presets of ESLint and typescript-eslint, which have tests of their own.
    const own = blocks.filter(({ name }) => name === undefined).flatMap(({ rules = {} }) => Object.entries(rules));
    const demanded = new Set(own.filter(([, level]) => level !== 'off').map(([rule]) => rule));
    const planted = new Set(LINT_VIOLATIONS.map(({ rule }) => rule));
    expect([...demanded].filter((rule) => !planted.has(rule))).toEqual([]);
  });

  it('warns of a comment that tries to switch a rule off', () => {
    const messages = findings.get('libs/auth/switched-off.ts')?.map(({ message }) => message) ?? [];
    expect(messages.join('\n')).toMatch(/has no effect/);
  });

  it.each(Object.keys(LINT_VALID))('accepts %s, which uses what is permitted', (file) => {
    expect(findings.get(file)).toEqual([]);
  });
});
