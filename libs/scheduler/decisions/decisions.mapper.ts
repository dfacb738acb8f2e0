import { type DecisionHead } from './decision-log.js';
import { type DecisionHeadDto } from './decisions.dto.js';

const NOTHING: DecisionHeadDto = { position: 0, hash: null, passId: null, at: null, oldestPosition: 0, bytes: 0 };

/** The head of a decision log, as the API shows it. */
export function toDecisionHeadDto(head: DecisionHead | null): DecisionHeadDto {
  if (head === null) return NOTHING;
  const { position, hash, passId, atMs, removed, bytes } = head;
  const oldestPosition = removed.position === position ? 0 : removed.position + 1;
  return { position, hash, passId, at: new Date(atMs).toISOString(), oldestPosition, bytes };
}
