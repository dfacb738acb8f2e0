import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { PROJECT } from './support/temporary-tree.js';

/** Tables whose rows belong to an organization and are asked for by what a client sends. */
const TENANT_TABLES = [
  'memberships',
  'invites',
  'service_accounts',
  'clusters',
  'cluster_access',
  'deployments',
  'deployment_events',
];

/**
 * Statements that name no organization, by file, and why that is right. Each line has a reason that a reviewer accepts.
 */
const WITHOUT_ORGANIZATION: Readonly<Record<string, string>> = {
  'libs/deployments/lifecycle/lifecycle.repository.ts':
    'passes and the sweep, which serve every organization and take no id from a client',
  'libs/deployments/lifecycle/cluster-work.repository.ts':
    'after the cluster was found for the reader, by the indexes of one cluster',
  'libs/operations/metrics/cluster-figures.ts': 'figures of the whole installation, for its operator alone',
  'libs/operations/admin/admin-retention.service.ts':
    'counts and times of the whole installation, for its operator alone',
  'libs/scheduler/cycle/locked-cluster.ts': 'a pass asks whether the cluster of its nudge is still there',
};

interface Statement {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** The SQL of a file: each outermost template with the tag `sql`, with the templates inside of it. */
function statementsIn(file: string, source: string): Statement[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ES2024, true);
  const found: Statement[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'sql') {
      const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      found.push({ file, line, text: node.template.getText() });
    } else ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

const NAMES_A_TENANT_TABLE = new RegExp(`\\b(from|join|update|into|only)\\s+(${TENANT_TABLES.join('|')})\\b`, 'i');

/** Whether a statement reads or writes rows of organizations without saying of which. */
function isUnscoped({ text }: Statement): boolean {
  return NAMES_A_TENANT_TABLE.test(text) && !/organization_?id/i.test(text);
}

function productStatements(): Statement[] {
  return readdirSync(join(PROJECT, 'libs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts'))
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !path.includes('/migrations/'))
    .flatMap((path) => statementsIn(relative(PROJECT, path), readFileSync(path, 'utf8')));
}

describe('statements over rows of organizations', () => {
  it('finds no statement without an organization, except the listed ones', () => {
    const unscoped = productStatements().filter(isUnscoped);
    expect(unscoped.filter(({ file }) => !(file in WITHOUT_ORGANIZATION))).toEqual([]);
    const files = new Set(unscoped.map(({ file }) => file));
    expect(Object.keys(WITHOUT_ORGANIZATION).filter((file) => !files.has(file))).toEqual([]);
  });

  it.each([
    'sql`select * from deployments where id = ${id}`',
    'sql<Row>`update invites set uses = 0 where id = ${id}`',
    'sql`with a as (select 1) select 1 from a join clusters c on true`',
  ])('finds a statement that names no organization: %s', (source) => {
    expect(statementsIn('x.ts', source).filter(isUnscoped)).toHaveLength(1);
  });

  it.each([
    'sql`select * from deployments where organization_id = ${organizationId} and id = ${id}`',
    'sql`select * from users where id = ${id}`',
    "'select * from deployments'",
  ])('ignores statements that name an organization or no tenant table: %s', (source) => {
    expect(statementsIn('x.ts', source).filter(isUnscoped)).toEqual([]);
  });
});
