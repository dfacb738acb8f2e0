import { type DeploymentEvidence, type Evidence, type PassEvidence } from './evidence.js';
import { count, LABELS, percent, table } from './format.js';
import { INVARIANTS } from './invariants.js';
import { RESOURCES } from './resources.js';
import { type Shares } from './utilization.js';

/** The results of a run. */
export interface Run {
  readonly evidence: readonly Evidence[];
  readonly mean: Shares;
  readonly peak: Shares;
  /** From the first submission to the last release, in seconds. */
  readonly seconds: number;
  readonly violations: readonly string[];
}

/** The summary, as lines. */
export function summaryOf(run: Run): string[] {
  return [
    '',
    ...countsByPriority(run.evidence.flatMap(({ deployments }) => deployments)),
    '',
    ...utilization(run),
    '',
    ...throughput(run),
    '',
    ...certificate(run.evidence),
    '',
    ...verdict(run.violations),
  ];
}

const ENDS = ['succeeded', 'failed', 'cancelled'] as const;

function countsByPriority(deployments: readonly DeploymentEvidence[]): string[] {
  const priorities = [...new Set(deployments.map(({ priority }) => priority))].sort((a, b) => b - a);
  const row = (label: string, of: readonly DeploymentEvidence[]): string[] => {
    const ends = ENDS.map((end) => of.filter(({ status }) => status === end).length);
    const others = ends.reduce((left, ended) => left - ended, of.length);
    const waiting = of.filter(({ status, scheduledAt }) => status === 'cancelled' && scheduledAt === null).length;
    return [label, ...[of.length, ...ends, waiting, others].map(count)];
  };
  return table([
    ['priority', 'submitted', ...ENDS, '(in the queue)', 'other'],
    ...priorities.map((priority) =>
      row(
        String(priority),
        deployments.filter((deployment) => deployment.priority === priority),
      ),
    ),
    row('all', deployments),
  ]);
}

function utilization({ mean, peak }: Run): string[] {
  const row = (label: string, shares: Shares): string[] => [
    label,
    ...RESOURCES.map((resource) => percent(shares[resource])),
  ];
  return table([
    ['utilization', ...RESOURCES.map((resource) => LABELS[resource])],
    row('mean while something waited', mean),
    row('peak', peak),
  ]);
}

function throughput({ evidence, seconds }: Run): string[] {
  const passes = evidence.flatMap((site) => site.passes);
  const placed = passes.reduce((sum, pass) => sum + pass.placed, 0);
  const workMs = passes.reduce(
    (sum, { durationsMs }) => sum + Object.values(durationsMs).reduce((a, b) => a + b, 0),
    0,
  );
  const busySeconds = workMs / 1000;
  return [
    `  ${count(placed)} placements in ${seconds.toFixed(1)} s: ${count(rate(placed, seconds))} placements/s, simulated runtimes included`,
    `  ${count(passes.length)} passes worked ${busySeconds.toFixed(2)} s for it: ${count(rate(placed, busySeconds))} placements/s while they did`,
  ];
}

function rate(amount: number, seconds: number): number {
  return seconds === 0 ? 0 : amount / seconds;
}

function certificate(evidence: readonly Evidence[]): string[] {
  const passes = evidence.flatMap((site) => site.passes.map((pass) => ({ site: site.name, ...pass })));
  const placing = passes.filter(({ placed }) => placed > 0);
  const [first] = placing.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt));
  if (first === undefined) return ['  no pass placed anything'];
  const optimal = placing.filter((pass) => pass.certificate.optimal).length;
  return [
    `  certificate of the first pass that placed something (${first.site}: ${count(first.waiting)} waited, ${count(first.shapes)} shapes)`,
    ...table([
      ['  priority', 'placed', 'upper bound'],
      ...first.certificate.levels.map(({ priority, placed, upperBound }) => [
        `  ${priority}`,
        count(placed),
        count(upperBound),
      ]),
    ]),
    `    ${judgement(first)}`,
    `  ${count(optimal)} of ${count(placing.length)} passes that placed something are proved optimal`,
  ];
}

function judgement({
  certificate: {
    optimal,
    utilization: { value, upperBound },
  },
}: PassEvidence): string {
  const counts = optimal ? 'optimal: no plan places more at any level' : 'not proved optimal: the bounds show the gap';
  return `${counts}; utilization ${value.toFixed(3)} of at most ${upperBound.toFixed(3)} (sum over resources)`;
}

function verdict(violations: readonly string[]): string[] {
  if (violations.length === 0) return ['  invariants hold:', ...INVARIANTS.map((invariant) => `    - ${invariant}`)];
  return ['  INVARIANTS DO NOT HOLD:', ...violations.map((violation) => `    - ${violation}`)];
}
