import { DomainError } from '#kernel';
import { currentRequest, type ProblemDto, problemOf, type Turns } from '#http';
import { type Actor } from '#rbac';

import { type BatchDto, type BatchResultDto } from './batches.dto.js';
import { type SubmissionResult } from './submissions.service.js';

/** The results of the items of a batch, made when it is the actor's turn. */
export async function toBatchDto(
  turns: Turns,
  { accountId }: Pick<Actor, 'accountId'>,
  results: readonly SubmissionResult[],
): Promise<BatchDto> {
  const requestId = currentRequest()?.requestId ?? '';
  const toResult = (result: SubmissionResult, index: number): BatchResultDto =>
    result instanceof DomainError ? { index, problem: problemItem(result, requestId) } : { index, id: result.id };
  return { results: await turns.map(accountId, results, toResult) };
}

function problemItem(error: DomainError, requestId: string): ProblemDto {
  return problemOf(error, requestId).body;
}
