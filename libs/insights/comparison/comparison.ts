import { type NamedDeployment } from '#deployments';
import { grouped, type OrderRule, sentenceOf } from '#packing';

import { timeInWords } from '../parts/time-in-words.js';

/** Why one of two comes, or came, before the other. */
export type ComparisonRule =
  | OrderRule
  /** The later one was not in the queue when the first one started. */
  | { readonly rule: 'not-waiting'; readonly startedAt: string }
  /** The pass that started the first one stopped the later one, to make room for what waited with this priority. */
  | { readonly rule: 'yielded'; readonly priority: number }
  /** One pass started both. */
  | { readonly rule: 'same-pass'; readonly startedAt: string }
  /** Neither has started, and no rule puts one first: of their priority starts what serves the objective best. */
  | { readonly rule: 'undecided' };

/** What comparing two deployments has given. */
export interface Comparison {
  readonly otherId: string;
  /** The one that comes first; null: undecided, or both at once. */
  readonly firstId: string | null;
  readonly rule: ComparisonRule;
  readonly sentence: string;
  /** The pass that decided it; null: none has yet. */
  readonly passId: string | null;
  /** Whether the numbers are those that the pass saw; otherwise what is known of the two has to do. */
  readonly isFromRecord: boolean;
}

const percent = (utilization: number): string => `${Math.round(utilization * 1000) / 10}%`;

/** Why one of two comes first, in one plain sentence. */
export function orderSentence(
  { firstId, rule, passId }: Pick<Comparison, 'firstId' | 'rule' | 'passId'>,
  pair: readonly [NamedDeployment, NamedDeployment],
): string {
  const [a, b] = firstId === pair[1].id ? [pair[1].name, pair[0].name] : [pair[0].name, pair[1].name];
  const before = passId === null ? `${a} comes before ${b}` : `${a} started before ${b}`;
  switch (rule.rule) {
    case 'reservation':
      return `${before} because it had waited long enough for resources to be set aside for it.`;
    case 'did-not-fit': {
      const reasons = sentenceOf(rule.blockers, timeInWords)
        .replace(/^It waits because /, '')
        .replace(/\.$/, '');
      return `${before} because there was room for it and not for ${b}: ${reasons}.`;
    }
    case 'nominated':
      return `${before} because others had been stopped to make room for it, since ${timeInWords(rule.sinceMs)}.`;
    case 'preempted':
      return preemptedInWords(before, b, rule);
    case 'priority':
      return rule.priority > rule.otherPriority
        ? `${before} because its priority is higher: ${rule.priority} instead of ${rule.otherPriority}.`
        : `${before} although its priority is lower: there was room for it, and not for ${b}.`;
    case 'age':
      return `${before} because the two ask for the same and ${ageInWords(rule)}.`;
    case 'more-starts':
      return `${before} because so ${rule.placed} of priority ${rule.priority} could start, and with ${b} only ${rule.placedWithOther}.`;
    case 'more-used':
      return `${before} because so priority ${rule.priority} uses more of the cluster: ${percent(rule.utilization)}, and with ${b} only ${percent(rule.utilizationWithOther)}, over all resources.`;
    case 'less-lost': {
      const { priority, stopped, stoppedWithOther } = rule;
      return `${before} because as many could start either way, and so less work is lost of what runs with priority ${priority}: ${stopped === 0 ? 'nothing' : stopped} of it is stopped, and with ${b} ${stoppedWithOther} would be.`;
    }
    case 'utilization':
      return `${before} because as many could start either way, and with it more of the cluster is used: ${percent(rule.utilization)} instead of ${percent(rule.utilizationWithOther)}, over all resources.`;
    case 'tie':
      return `${before} by a coin that always falls the same way: the scheduler had no reason to prefer either.`;
    case 'not-waiting':
      return `${before} because ${b} was not waiting when it started, at ${timeInWords(rule.startedAt)}.`;
    case 'yielded':
      return `${before} because ${b} was stopped to make room for what waited with priority ${rule.priority}.`;
    case 'same-pass':
      return `Both started at the same moment, at ${timeInWords(rule.startedAt)}.`;
    case 'undecided':
      return `Neither of the two has to come first: of their priority, the scheduler starts what serves the objective of the cluster best.`;
  }
}

function ageInWords({ queuedAtMs, otherQueuedAtMs }: Extract<OrderRule, { rule: 'age' }>): string {
  const [since, otherSince] = [timeInWords(queuedAtMs), timeInWords(otherQueuedAtMs)];
  if (queuedAtMs === otherQueuedAtMs) return `came at the same moment, ${since}; then the lower id is first`;
  if (since === otherSince) return `it has waited a moment longer: both came at ${since}`;
  return `it has waited longer: since ${since} instead of ${otherSince}`;
}

function preemptedInWords(before: string, other: string, rule: Extract<OrderRule, { rule: 'preempted' }>): string {
  const { victims, victimPriority, starts, priority, otherPriority } = rule;
  const stopped = victims === 1 ? '1 running deployment was' : `${grouped(victims)} running deployments were`;
  const highest = victims === 1 ? `priority ${victimPriority}` : `priority ${victimPriority} at most`;
  const kind = starts === 1 ? 'it' : 'it and others like it';
  return `${before} because ${stopped} stopped to make room for ${kind}: of ${highest}, which yields to its ${priority}, and not to the ${otherPriority} of ${other}.`;
}
