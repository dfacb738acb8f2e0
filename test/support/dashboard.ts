import { readFileSync } from 'node:fs';

/** The dashboard that operators are given, as Grafana imports it. */
export const DASHBOARD_FILE = 'deploy/grafana/stowage.json';

/** One query of a panel. */
export interface DashboardQuery {
  readonly panel: string;
  readonly expression: string;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** The dashboard as data. */
export const dashboard = (): { readonly panels: readonly Panel[] } =>
  JSON.parse(readFileSync(DASHBOARD_FILE, 'utf8')) as { panels: readonly Panel[] };

/** All queries of the dashboard, panel by panel. */
export const dashboardQueries = (): DashboardQuery[] =>
  dashboard().panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ panel: title, expression: expr })),
  );

/** The families of the metrics that an expression names: of a histogram's series its own. */
export const metricsIn = (expression: string): string[] =>
  (expression.match(/\b(stowage|nodejs|process)_\w+/g) ?? []).map((name) => name.replace(/_(bucket|count|sum)$/, ''));
