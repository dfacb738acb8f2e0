import { type BlockerView } from '#packing';

import { timeOf, toBlockerView } from '../parts/parts.mapper.js';
import { type ComparisonDto } from './comparison.dto.js';
import { type Comparison, type ComparisonRule } from './comparison.js';

/** What a comparison shows: its numbers have the names of the rule's, and which there are depends on the rule. */
export type ComparisonFacts = Omit<ComparisonDto, 'blockers'> & { readonly blockers?: readonly BlockerView[] };

/** What of a comparison leaves the service. */
export function toComparison({ otherId, firstId, rule, isFromRecord, ...comparison }: Comparison): ComparisonFacts {
  return { ...factsOf(rule), ...comparison, compareWith: otherId, first: firstId, fromRecord: isFromRecord };
}

function factsOf(rule: ComparisonRule) {
  if (rule.rule === 'did-not-fit') return { ...rule, blockers: rule.blockers.map(toBlockerView) };
  if (rule.rule === 'nominated') return { ...rule, nominatedAt: timeOf(rule.sinceMs) };
  if (rule.rule !== 'age') return rule;
  return { ...rule, queuedAt: timeOf(rule.queuedAtMs), otherQueuedAt: timeOf(rule.otherQueuedAtMs) };
}
