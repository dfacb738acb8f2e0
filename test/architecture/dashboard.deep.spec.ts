import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { alerts } from '../support/alerts.js';
import { dashboard, dashboardQueries } from '../support/dashboard.js';
import { typeErrors } from '../support/typed-literal.js';

/** The parser that Prometheus' own user interface uses. */
interface Grammar {
  readonly parser: {
    parse: (text: string) => { iterate: (visit: { enter: (node: { type: { isError: boolean } }) => void }) => void };
  };
}

describe('the dashboard of Grafana', () => {
  let grammar: Grammar;

  beforeAll(async () => {
    execFileSync(process.execPath, ['scripts/deploy.mjs']);
    const path = resolve('deploy/checks/node_modules/@prometheus-io/lezer-promql/dist/index.es.js');
    grammar = (await import(path)) as Grammar;
  });

  /** Whether Prometheus can read an expression once Grafana has filled in its interval. */
  const isReadable = (expression: string): boolean => {
    let isWhole = true;
    grammar.parser.parse(expression.replaceAll('$__rate_interval', '5m')).iterate({
      enter: ({ type }) => {
        if (type.isError) isWhole = false;
      },
    });
    return isWhole;
  };

  it('has the fields that Grafana imports, and no others', () => {
    const typed = (value: unknown): string[] =>
      typeErrors([{ name: 'dashboard', module: '@grafana/schema', type: 'Dashboard', value }]);
    expect(typed(dashboard())).toEqual([]);
    expect(typed({ ...dashboard(), pannels: [] })).toEqual([expect.stringMatching(/pannels/)]);
  });

  it('asks what Prometheus can read, as alerts do', () => {
    const all = [...dashboardQueries(), ...alerts()].map(({ expression }) => expression);
    expect(all.filter((expression) => !isReadable(expression))).toEqual([]);
    expect(isReadable('sum by (le (stowage_clusters)')).toBe(false);
  });

  it('gives each panel a place of its own', () => {
    const { panels } = dashboard() as unknown as {
      panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
    };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}/${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});
