import { expect } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { errorCatalogue, type Problem } from '#http';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

export type Call = Parameters<NestFastifyApplication['inject']>[0] & object;

/** Sends a request, and asserts that the answer costs less than a second of CPU time. */
export async function ask(app: NestFastifyApplication, request: Call): Promise<Answer> {
  const began = process.cpuUsage();
  const { statusCode: status, headers, body } = await app.inject(request);
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1_000).toBeLessThan(1_000);
  return { status, headers, body };
}

/** Asserts the common form of refusals, and formats one as `status CODE pointer field-code`. */
export function refusal({ status, headers, body }: Answer): string {
  expect(String(headers['content-type'])).toMatch(/^application\/problem\+json/);
  const problem = JSON.parse(body) as Problem;
  expect(problem.status).toBe(status);
  expect(problem.type).toBe(`/problems/${problem.code}`);
  expect(problem.title).not.toBe('');
  expect(problem.detail).not.toBe('');
  expect(errorCatalogue().map((entry) => entry.code)).toContain(problem.code);
  expect(problem.requestId).toBe(headers['x-request-id']);
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(body).not.toMatch(/SyntaxError|Unexpected token|FST_|node_modules|\bat .*\.[jt]s:\d|Cannot (GET|POST|PUT)/);
  expect((problem.errors ?? []).length).toBeLessThanOrEqual(20);
  const [first] = problem.errors ?? [];
  return [status, problem.code, ...(first === undefined ? [] : [first.pointer, first.code])].join(' ');
}
