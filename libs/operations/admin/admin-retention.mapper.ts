import { type KeptDataDto, type RetentionDto } from './admin-retention.dto.js';
import { type KeptData } from './admin-retention.service.js';

/** What operators are told of retention. */
export function toRetentionDto(kept: readonly KeptData[]): RetentionDto {
  return { items: kept.map(toKeptDataDto) };
}

function toKeptDataDto({ kind, setting, keptForSeconds, oldestAt, overdue }: KeptData): KeptDataDto {
  return { kind, setting, keptForSeconds, oldestAt, overdue };
}
