import { toResources } from '#clusters';
import { type CursorPosition, type PageRequest } from '#http';
import { sentenceOf } from '#packing';

import { timeOf, toBlockerDto } from '../parts/parts.mapper.js';
import { timeInWords } from '../parts/time-in-words.js';
import { type BlockedShapeDto, type ClusterBlockersDto } from './blockers.dto.js';
import { type KeptSurvey } from './kept-surveys.js';
import { type KeptShape } from './queue-survey.js';

/** What of a survey leaves the service, page by page. */
export function toClusterBlockersDto(survey: KeptSurvey | null, page: PageRequest): ClusterBlockersDto {
  const { after, take } = page;
  const left =
    survey === null ? [] : survey.described.filter((shape) => after === undefined || comesAfter(shape, after));
  const { items, nextCursor } = page.of(left.slice(0, take), positionOf, toBlockedShapeDto);
  return {
    asOf: survey?.asOf ?? null,
    passId: survey?.passId ?? null,
    current: survey?.isCurrent ?? false,
    waiting: survey?.waiting ?? 0,
    shapes: survey?.shapes ?? 0,
    items: [...items],
    nextCursor,
  };
}

function positionOf({ priority, oldest, key }: KeptShape): CursorPosition {
  return [priority, oldest?.queuedAtMs ?? 0, key];
}

/** Pages go on by rank, also where another pass has looked meanwhile. */
function comesAfter(shape: KeptShape, [priority, queuedAtMs, key]: CursorPosition): boolean {
  const age = shape.oldest?.queuedAtMs ?? 0;
  if (shape.priority !== priority) return shape.priority < Number(priority);
  return age === queuedAtMs ? shape.key > String(key) : age > Number(queuedAtMs);
}

function toBlockedShapeDto(shape: KeptShape): BlockedShapeDto {
  const { priority, request, maxRuntimeSeconds, waiting, oldest, blockers } = shape;
  return {
    priority,
    resources: toResources(request),
    maxRuntimeSeconds,
    waiting,
    oldest: oldest === null ? null : { id: oldest.id, queuedAt: timeOf(oldest.queuedAtMs) },
    sentence: sentenceOf(blockers, timeInWords),
    blockers: blockers.map(toBlockerDto),
  };
}
