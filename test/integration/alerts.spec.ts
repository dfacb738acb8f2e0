import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { alerts, checkAlerts, hasPromtool, isFiring } from '../support/alerts.js';
import { TestCluster } from '../support/clusters.js';
import { dashboardQueries, metricsIn } from '../support/dashboard.js';
import { withClient } from '../support/database.js';
import { familiesOf, sampleOf } from '../support/metrics.js';
import { aTeam } from '../support/people.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

const read = (path: string): string => readFileSync(path, 'utf8');

/** Our own figures of a scrape; those of the process are long, and not ours. */
async function scrapeOf({ client }: Stowage): Promise<string> {
  const { text } = await client.get('/metrics');
  return text
    .split('\n')
    .filter((line) => /^(# TYPE |stowage_)/.test(line))
    .join('\n');
}

describe('alerts', () => {
  let stowage: Stowage;
  let cluster: TestCluster;

  const scrape = (): Promise<string> => scrapeOf(stowage);
  const query = (sql: string): Promise<number | null> =>
    withClient(stowage.database.url, async (client) => (await client.query(sql, [cluster.id])).rowCount);

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    cluster = await TestCluster.create(await aTeam(stowage.client), { cpu: 1 });
  });

  afterAll(async () => {
    await stowage.stop();
  });

  it('uses existing metrics in each alert, and describes each in the runbook', async () => {
    const families = familiesOf(await scrape());
    const runbook = read('docs/operations/runbook.md');
    expect(alerts().length).toBeGreaterThanOrEqual(10);
    for (const { name, expression } of alerts()) {
      const names = metricsIn(expression);
      expect(names.length).toBeGreaterThan(0);
      for (const metric of names) expect(families).toContain(metric);
      expect(runbook).toContain(`\n## ${name}\n`);
    }
    for (const [, name] of runbook.matchAll(/^## (Stowage\w+)$/gm)) {
      expect(alerts().map((alert) => alert.name)).toContain(name);
    }
    if (hasPromtool) expect(checkAlerts()).toBe('');
  });

  it('uses existing metrics on the dashboard, among them each metric of an alert', async () => {
    const families = familiesOf(await scrape());
    const drawn = new Set(dashboardQueries().flatMap(({ expression }) => metricsIn(expression)));
    expect([...drawn].filter((metric) => !families.includes(metric))).toEqual([]);
    const alerted = alerts().flatMap(({ expression }) => metricsIn(expression));
    expect(alerted.filter((metric) => !drawn.has(metric))).toEqual([]);
  });

  it('documents exactly the metrics that exist', async () => {
    const documented = [...read('docs/operations/metrics.md').matchAll(/^\| `(stowage_\w+)`/gm)].map(
      ([, name]) => name,
    );
    const families = familiesOf(await scrape()).filter((name) => name.startsWith('stowage_'));
    expect(documented.sort()).toEqual(families.sort());
  });

  it('fires where no worker runs passes, and where a deployment waits for very long', async () => {
    const quiet = await scrape();
    expect(
      ['StowageNoPass', 'StowageOldestWaiting', 'StowageLedgerDrift'].filter((name) => isFiring(name, quiet)),
    ).toEqual([]);
    await cluster.submit();
    await cluster.submit();
    await query(`update clusters set created_at = now() - interval '1 minute' where id = $1`);
    await query(`update deployments set queued_at = now() - interval '5 hours' where cluster_id = $1`);

    const noisy = await scrape();
    expect(isFiring('StowageNoPass', noisy)).toBe(true);
    expect(isFiring('StowageOldestWaiting', noisy)).toBe(true);
    expect(isFiring('StowageLedgerDrift', noisy)).toBe(false);
  });

  it('ends an alert when passes run and no deployment waits too long', async () => {
    await stowage.addWorker();
    const after = await eventually(scrape, (text) => sampleOf(text, 'stowage_cluster_pass_wanted', cluster.id) === 0);
    expect(isFiring('StowageNoPass', after)).toBe(false);
    // One runs, the other waits for its room.
    expect(isFiring('StowageOldestWaiting', after)).toBe(true);
    expect(sampleOf(after, 'stowage_cluster_waiting', cluster.id, 'priority="50-59"')).toBe(1);
    expect(sampleOf(after, 'stowage_cluster_blocked', cluster.id, 'blocker="cpu"')).toBe(1);
    await query(`update deployments set queued_at = now() where cluster_id = $1 and status = 'queued'`);
    expect(isFiring('StowageOldestWaiting', await scrape())).toBe(false);
  });

  it('names an open transaction that delays events, in the metric and in readiness', async () => {
    expect(sampleOf(await scrape(), 'stowage_events_delay_seconds')).toBe(0);
    const ready = (): Promise<unknown> => stowage.client.get('/health/ready').then(({ body }) => body);
    await withClient(stowage.database.url, async (client) => {
      await client.query(`set application_name = 'a long import'`);
      await client.query('begin');
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid, pg_current_xact_id()');
      await cluster.submit();
      await eventually(scrape, (text) => (sampleOf(text, 'stowage_events_delay_seconds') ?? 0) > 0);
      const delayed = await eventually(ready, (body) => (body as { status: string }).status === 'degraded');
      const eventsDelayedBy = { pid: rows[0]?.pid, name: 'a long import', seconds: expect.any(Number) };
      expect(delayed).toMatchObject({ checks: { events: 'delayed' }, eventsDelayedBy });
    });
    const after = await eventually(ready, (body) => (body as { status: string }).status === 'ready');
    expect(after).toMatchObject({ checks: { events: 'current' }, eventsDelayedBy: null });
  });

  it('fires when the ledger drifts', async () => {
    await withClient(stowage.database.url, async (client) => {
      await client.query(`update clusters set allocated_cpu_millis = 0 where id = $1`, [cluster.id]);
    });
    const drifted = await eventually(scrape, (text) => text.includes('stowage_ledger_open_findings{'));
    expect(isFiring('StowageLedgerDrift', drifted)).toBe(true);
  });
});

describe('metrics of passes', () => {
  it('keeps counters across processes, unchanged by scrapes', async () => {
    const stowage = await Stowage.start();
    try {
      const cluster = await TestCluster.create(await aTeam(stowage.client), { cpu: 1 });
      const first = await cluster.submit();
      const scrape = (): Promise<string> => scrapeOf(stowage);
      await eventually(scrape, (text) => sampleOf(text, 'stowage_placed_total') === 1);
      await cluster.submit();
      await cluster.complete(first);
      const text = await eventually(scrape, (now) => sampleOf(now, 'stowage_placed_total') === 2);
      expect(sampleOf(text, 'stowage_released_total')).toBe(1);
      expect(sampleOf(text, 'stowage_scheduled_after_seconds_count')).toBe(2);
      expect(sampleOf(text, 'stowage_scheduled_after_seconds_bucket', 'le="3600"')).toBe(2);
      expect(sampleOf(text, 'stowage_next_start_after_seconds_count')).toBe(1);
      expect(sampleOf(text, 'stowage_pass_seconds_total', 'stage="plan"')).toBeGreaterThan(0);
      expect(sampleOf(text, 'stowage_cluster_pass_gap', cluster.id)).toBe(0);
      expect(sampleOf(text, 'stowage_cluster_pass_utilization_gap', cluster.id)).toBe(0);
      expect(sampleOf(text, 'stowage_redis_up')).toBe(1);
      expect(sampleOf(text, 'stowage_database_connections', 'state="open"')).toBeGreaterThan(0);
      const route = 'route="/v1/organizations/:organizationId/clusters/:clusterId/deployments"';
      expect(
        sampleOf(text, 'stowage_http_request_duration_seconds_count', 'method="POST"', route, 'status="201"'),
      ).toBeGreaterThanOrEqual(2);
    } finally {
      await stowage.stop();
    }
  });
});
