import { toResources } from '#clusters';
import { type CursorPosition, type PageRequest, present } from '#http';
import { sentenceOf } from '#packing';

import { timeOf, toBlockerView } from '../parts/parts.mapper.js';
import { timeInWords } from '../parts/time-in-words.js';
import { ClusterBlockersDto } from './blockers.dto.js';
import { type CachedReport } from './blocker-cache.js';
import { type ReportedShape } from './queue-blocker-report.js';

/** What of a report leaves the service, page by page. */
export function toClusterBlockersDto(report: CachedReport | null, page: PageRequest): ClusterBlockersDto {
  const { after, take } = page;
  const left =
    report === null ? [] : report.described.filter((shape) => after === undefined || comesAfter(shape, after));
  return present(ClusterBlockersDto, {
    ...(report ?? { asOf: null, passId: null, waiting: 0, shapes: 0 }),
    current: report?.isCurrent ?? false,
    ...page.of(left.slice(0, take), positionOf, toBlockedShape),
  });
}

function positionOf({ priority, oldest, key }: ReportedShape): CursorPosition {
  return [priority, oldest?.queuedAtMs ?? 0, key];
}

/** Pages go on by rank, also where another pass has looked meanwhile. */
function comesAfter(shape: ReportedShape, [priority, queuedAtMs, key]: CursorPosition): boolean {
  const age = shape.oldest?.queuedAtMs ?? 0;
  if (shape.priority !== priority) return shape.priority < Number(priority);
  return age === queuedAtMs ? shape.key > String(key) : age > Number(queuedAtMs);
}

function toBlockedShape({ request, oldest, blockers, ...shape }: ReportedShape) {
  return {
    ...shape,
    resources: toResources(request),
    oldest: oldest === null ? null : { id: oldest.id, queuedAt: timeOf(oldest.queuedAtMs) },
    sentence: sentenceOf(blockers, timeInWords),
    blockers: blockers.map(toBlockerView),
  };
}
