import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { samplesOf } from './metrics.js';

/** The rules that operators are given. */
export const ALERTS_FILE = resolve('docs/operations/alerts.yaml');

/** One rule. */
export interface Alert {
  readonly name: string;
  readonly expression: string;
}

/** All rules, in the order of the file. */
export function alerts(): Alert[] {
  const text = readFileSync(ALERTS_FILE, 'utf8');
  return [...text.matchAll(/- alert: (\w+)\n +expr: (.+)\n/g)].map(([, name = '', expression = '']) => ({
    name,
    expression,
  }));
}

/** Whether Prometheus' own tool is on this machine (Debian's package `prometheus` has it). */
export const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** Prometheus' own check of the rules. @returns its words, empty when all is well */
export function checkAlerts(): string {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', ALERTS_FILE], { encoding: 'utf8' });
  return status === 0 ? '' : stdout + stderr;
}

/**
 * Whether a rule would fire if what was scraped stayed so for a quarter of an hour: by Prometheus' own evaluation where there is one,
 * and in any case by the thresholds, which are the whole of such rules as `max by (x) (metric) > 5 and ...`.
 */
export function isFiring(name: string, scrape: string): boolean {
  const alert = alerts().find((candidate) => candidate.name === name);
  if (alert === undefined) throw new Error(`there is no alert ${name}`);
  const byThreshold = exceeds(alert.expression, scrape);
  if (hasPromtool && evaluate(name, scrape) !== byThreshold) {
    throw new Error(`Prometheus and the thresholds disagree on ${name}: by its thresholds it is ${byThreshold}`);
  }
  return byThreshold;
}

function exceeds(expression: string, scrape: string): boolean {
  const samples = samplesOf(scrape);
  return expression.split(' and ').every((part) => {
    const match = /\((stowage_\w+)\) > ([\d.]+)$/.exec(part);
    if (match === null) throw new Error(`no threshold in ${part}`);
    return samples.some(({ name, value }) => name === match[1] && value > Number(match[2]));
  });
}

/** Asks `promtool test rules`, which fails when an alert fires that was not expected. */
function evaluate(name: string, scrape: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-alerts-'));
  try {
    const series = samplesOf(scrape)
      .filter((sample) => sample.name.startsWith('stowage_') && Number.isFinite(sample.value))
      .map((sample) => ({ series: `${sample.name}${sample.labels}`, values: `${sample.value}x60` }));
    const test = {
      rule_files: [ALERTS_FILE],
      evaluation_interval: '15s',
      tests: [
        {
          interval: '15s',
          input_series: series,
          alert_rule_test: [{ eval_time: '14m', alertname: name, exp_alerts: [] }],
        },
      ],
    };
    const file = join(folder, 'test.json');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(test));
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
    if (status !== 0 && !stdout.includes(`alertname: ${name}`) && !stderr.includes(name))
      throw new Error(stdout + stderr);
    return status !== 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
