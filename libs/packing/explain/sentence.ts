import type { Resource } from '#kernel';

import type { OutrankedReason, Blocker } from './blockers.js';
import type { PreemptionAnalysis, IneligibleReason } from './preemption-analysis.js';

/** How a moment is written; this lib reads no clock and knows no calendar. */
export type TimeFormat = (timeMs: number) => string;

const UNITS: Readonly<Record<Resource, { readonly perUnit: number; readonly one: string; readonly many: string }>> = {
  cpuMillis: { perUnit: 1000, one: 'CPU core', many: 'CPU cores' },
  memoryMib: { perUnit: 1, one: 'MiB of memory', many: 'MiB of memory' },
  gpuMillis: { perUnit: 1000, one: 'GPU', many: 'GPUs' },
};

/** An amount of a resource in words: 1500 millicores are "1.5 CPU cores". */
export function inWords(resource: Resource, amount: number): string {
  const { perUnit, one, many } = UNITS[resource];
  const value = amount / perUnit;
  return `${grouped(value)} ${value === 1 ? one : many}`;
}

/** 1234567.5 is "1,234,567.5". */
export function grouped(value: number): string {
  const [whole = '', fraction] = String(value).split('.');
  const parts = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? parts : `${parts}.${fraction}`;
}

/** One plain sentence that says why a deployment waits, for people who know nothing of schedulers. */
export function sentenceOf(blockers: readonly Blocker[], time: TimeFormat): string {
  const [first, ...more] = blockers;
  if (first?.code === 'NEXT_PASS' && more.length === 0) {
    return 'Nothing is in its way: it starts as soon as the scheduler has looked at it, usually within a second.';
  }
  const reasons = blockers.flatMap((blocker) => (blocker.code === 'OUTRANKED' ? [] : [reasonFor(blocker, time)]));
  const ahead = aheadInWords(blockers);
  return `It waits because ${[...reasons, ...ahead].join('; ')}.`;
}

function reasonFor(blocker: Exclude<Blocker, { code: 'OUTRANKED' }>, time: TimeFormat): string {
  switch (blocker.code) {
    case 'CORDONED':
      return 'this cluster is cordoned: nothing starts here until an administrator lifts that';
    case 'DRAINING':
      return 'this cluster is being emptied: nothing starts here any more';
    case 'CAPACITY_PENDING':
      return 'this cluster is to become smaller, and nothing starts here until enough of what runs has ended for that';
    case 'TOO_LARGE': {
      const { resource, needed, capacity } = blocker;
      return `it asks for ${inWords(resource, needed)} and the whole cluster has ${capacity === 0 ? 'none' : `only ${inWords(resource, capacity)}`}, so it cannot start unless it asks for less or the cluster grows`;
    }
    case 'NOT_ENOUGH': {
      const { resource, needed, available, missing } = blocker;
      const free =
        available === 0
          ? 'none is free'
          : `only ${inWords(resource, available)} ${isOne(resource, available) ? 'is' : 'are'} free`;
      return `it asks for ${inWords(resource, needed)} and ${free} (${inWords(resource, missing)} too few)`;
    }
    case 'RESERVATION':
      return blocker.state === 'promised'
        ? `resources are kept for another deployment, which was first in turn and starts at ${time(blocker.untilMs)}, and this one would still be using them then`
        : `what ends is kept for another deployment, which was first in turn and is expected to start at ${time(blocker.untilMs)}`;
    case 'NOMINATED':
      return blocker.isOwn
        ? `what was stopped to make room for it is still stopping; it starts as soon as that is done, at ${time(blocker.untilMs)} at the latest`
        : `room is being made for ${grouped(blocker.deployments)} ${blocker.deployments === 1 ? 'deployment' : 'deployments'} of its priority or a higher one, which will be done at ${time(blocker.untilMs)} at the latest`;
    case 'SEARCH_LIMIT':
      return blocker.gapThousandths === undefined || blocker.gapThousandths === 0
        ? `the scheduler ended its search early: ${blocker.placed} of its priority start, and it has not proven that ${blocker.upperBound} could not`
        : `the scheduler ended its search early: it has not proven that its priority could not use more of this cluster, by up to ${blocker.gapThousandths / 10}%`;
    case 'NEXT_PASS':
      return 'the scheduler has yet to look at it';
    case 'RETRY':
      return `its last attempt failed, and it is tried again at ${time(blocker.untilMs)}`;
  }
}

const STAYING: Readonly<Record<IneligibleReason, (deployments: string, isOne: boolean, until: string) => string>> = {
  'not-lower': (deployments, one) => `${deployments} ${one ? 'has' : 'have'} its priority or a higher one`,
  'not-preemptible': (deployments, one) => `${deployments} ${one ? 'is' : 'are'} not marked as preemptible`,
  'not-considered': (deployments, one) =>
    `${deployments} ${one ? 'is' : 'are'} marked as preemptible and not considered, because too many others are`,
  'too-often': (deployments, one) =>
    `${deployments} ${one ? 'has' : 'have'} been stopped for others as often as this cluster allows`,
  'too-new': (deployments, _, until) => `${deployments} may not be stopped yet (the first at ${until})`,
  stopping: (deployments, one) => `${deployments} ${one ? 'is' : 'are'} being stopped already`,
};

/** Whether what runs can be stopped for a deployment that waits, in one or two plain sentences. */
export function preemptionInWords(
  { isAllowed, candidates, ineligible, shortfall }: PreemptionAnalysis,
  time: TimeFormat,
): string {
  if (!isAllowed) return 'Nothing that runs is stopped for it: this cluster does not allow that.';
  const stay = ineligible.map(({ reason, deployments, untilMs }) =>
    STAYING[reason](grouped(deployments), deployments === 1, untilMs === null ? '' : time(untilMs)),
  );
  const others = stay.length < 2 ? stay.join('') : `${stay.slice(0, -1).join(', ')}, and ${stay.at(-1) ?? ''}`;
  if (candidates.length === 0) {
    return stay.length === 0
      ? 'Nothing runs that could be stopped for it.'
      : `Nothing can be stopped for it: of what runs, ${others}.`;
  }
  const count = `${grouped(candidates.length)} ${candidates.length === 1 ? 'deployment' : 'deployments'}`;
  const rest = stay.length === 0 ? '' : `; of what else runs, ${others}`;
  const could = `${count} of lower priority could be stopped for it${rest}.`;
  if (shortfall.length === 0) return could;
  const lacks = shortfall.map(
    ({ resource, needed, available }) =>
      `${available === 0 ? 'nothing' : `only ${inWords(resource, available)}`} would be free of the ${inWords(resource, needed)} that it asks for`,
  );
  return `${could} Even then ${lacks.join(', and ')}.`;
}

function isOne(resource: Resource, amount: number): boolean {
  return amount <= UNITS[resource].perUnit;
}

const OUTRANKED: Readonly<Record<OutrankedReason, (deployments: string, isOne: boolean) => string>> = {
  'starts-in-this-cycle': (deployments, one) => `${deployments} ${one ? 'takes' : 'take'} what is free first`,
  'higher-priority': (deployments, one) => `${deployments} of higher priority ${one ? 'waits' : 'wait'} for the same`,
  smaller: (deployments, one) => `${deployments} of its priority ${one ? 'asks' : 'ask'} for less and will fit sooner`,
  older: (deployments, one) => `${deployments} just like it ${one ? 'has' : 'have'} waited longer`,
};

/** Which deployments are ahead, one part of the sentence for each reason, whatever the number of priorities. */
function aheadInWords(blockers: readonly Blocker[]): string[] {
  const sums = new Map<OutrankedReason, number>();
  for (const blocker of blockers) {
    if (blocker.code === 'OUTRANKED') sums.set(blocker.reason, (sums.get(blocker.reason) ?? 0) + blocker.deployments);
  }
  return [...sums].map(([reason, count]) =>
    OUTRANKED[reason](`${grouped(count)} ${count === 1 ? 'deployment' : 'deployments'}`, count === 1),
  );
}
