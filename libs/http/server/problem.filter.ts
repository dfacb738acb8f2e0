import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { countProblem } from './request-metrics.js';
import { PROBLEM_TYPE, problemOf } from '../problems/problem.js';

/** Reports an unexpected error. */
export type ReportUnexpected = (error: unknown, requestId: string) => void;

/** Answers a request with the problem of an error. */
export function sendProblem(reply: FastifyReply, error: unknown, report: ReportUnexpected): void {
  if (isAbandoned(reply, error)) return;
  const requestId = reply.request.id;
  const { body, headers, isUnexpected } = problemOf(error, requestId);
  countProblem(body.code);
  if (isUnexpected) {
    report(error, requestId);
  }
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  void reply
    .code(body.status)
    .headers(headers)
    .type(PROBLEM_TYPE)
    .serializer((value: unknown) => JSON.stringify(value))
    .send(body);
}

/** Whether work was given up because the client had closed the connection: there is no answer, and nothing went wrong. */
function isAbandoned({ raw }: FastifyReply, error: unknown): boolean {
  return raw.closed && error instanceof Error && error.name === 'AbortError';
}

/** Answers every error inside Nest, by `problemOf`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly report: ReportUnexpected) {}

  catch(error: unknown, host: ArgumentsHost): void {
    sendProblem(host.switchToHttp().getResponse<FastifyReply>(), error, this.report);
  }
}
