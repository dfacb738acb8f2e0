import { timeOf, toBlockerDto } from '../parts/parts.mapper.js';
import { type ComparisonDto } from './comparison.dto.js';
import { type Comparison } from './comparison.js';

/** What of a comparison leaves the service. */
export function toComparisonDto({ otherId, firstId, rule, sentence, passId, isFromRecord }: Comparison): ComparisonDto {
  const common = { compareWith: otherId, first: firstId, rule: rule.rule, sentence, passId, fromRecord: isFromRecord };
  switch (rule.rule) {
    case 'did-not-fit':
      return { ...common, blockers: rule.blockers.map(toBlockerDto) };
    case 'nominated':
      return { ...common, nominatedAt: timeOf(rule.sinceMs) };
    case 'preempted': {
      const { priority, otherPriority, victims, victimPriority } = rule;
      return { ...common, priority, otherPriority, victims, victimPriority };
    }
    case 'priority':
      return { ...common, priority: rule.priority, otherPriority: rule.otherPriority };
    case 'age':
      return { ...common, queuedAt: timeOf(rule.queuedAtMs), otherQueuedAt: timeOf(rule.otherQueuedAtMs) };
    case 'more-starts':
      return { ...common, priority: rule.priority, placed: rule.placed, placedWithOther: rule.placedWithOther };
    case 'less-lost': {
      const { priority, stopped, stoppedWithOther } = rule;
      return { ...common, priority, stopped, stoppedWithOther };
    }
    case 'yielded':
      return { ...common, priority: rule.priority };
    case 'utilization': {
      const { utilization, utilizationWithOther } = rule;
      return { ...common, utilization, utilizationWithOther };
    }
    case 'not-waiting':
    case 'same-pass':
      return { ...common, startedAt: rule.startedAt };
    case 'reservation':
    case 'tie':
    case 'undecided':
      return common;
  }
}
