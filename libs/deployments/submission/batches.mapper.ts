import { DomainError } from '#kernel';
import { currentRequest, type ProblemDto, problemOf } from '#http';

import { type BatchDto } from './batches.dto.js';
import { type SubmissionResult } from './submissions.service.js';

/** The results of the items of a batch. */
export function toBatchDto(results: readonly SubmissionResult[]): BatchDto {
  const requestId = currentRequest()?.requestId ?? '';
  return {
    results: results.map((result, index) =>
      result instanceof DomainError ? { index, problem: problemItem(result, requestId) } : { index, id: result.id },
    ),
  };
}

function problemItem(error: DomainError, requestId: string): ProblemDto {
  return problemOf(error, requestId).body;
}
