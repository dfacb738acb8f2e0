import type { FastifyInstance } from 'fastify';
import { Counter, Histogram, register } from 'prom-client';

const REQUESTS = 'stowage_http_request_duration_seconds';
const PROBLEMS = 'stowage_problems_total';

/** One metric for the process, also when tests create several applications in it. */
const requests =
  (register.getSingleMetric(REQUESTS) as Histogram<'method' | 'route' | 'status'> | undefined) ??
  new Histogram({
    name: REQUESTS,
    help: 'Duration of requests by route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 10],
  });

const problems =
  (register.getSingleMetric(PROBLEMS) as Counter<'code'> | undefined) ??
  new Counter({
    name: PROBLEMS,
    help: 'Answers with a problem, by code: failed sign-ins, refusals, limits, faults.',
    labelNames: ['code'],
  });

/** Counts an answer with a problem. Codes come from the catalogue, not from callers. */
export function countProblem(code: string): void {
  problems.inc({ code });
}

/** Measures every request by its route's template, never by its path; an unknown route is `none`. */
export function measureRequests(fastify: FastifyInstance): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    requests.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    done();
  });
}
