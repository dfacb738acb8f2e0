import { toVector } from '#clusters';
import { present } from '#http';
import { DEFAULT_POLICY, type PlanningPolicy, reservationOf, runningOf, type WholeProblem } from '#packing';

import { type SimulationReservationDto, SimulatedPlanDto, type SimulationRequestDto } from './simulations.dto.js';
import { type SimulatedPlan } from './simulations.service.js';

/** A problem, in stored units. */
export function toProblem(body: SimulationRequestDto): WholeProblem {
  const nowMs = Date.parse(body.now);
  const queue = body.queue.map(({ id, priority, resources, queuedAt, maxRuntimeSeconds }) => ({
    id,
    priority,
    request: toVector(resources).toAmounts(),
    queuedAtMs: Date.parse(queuedAt),
    maxRuntimeSeconds: maxRuntimeSeconds ?? null,
  }));
  const { reservation } = body;
  const changes: Partial<PlanningPolicy> = body.policy ?? {};
  return {
    capacity: toVector(body.capacity).toAmounts(),
    nowMs,
    policy: { ...DEFAULT_POLICY, ...changes },
    isCordoned: false,
    running: body.running.map(({ id, priority, resources, startedAt, maxRuntimeSeconds, preemptible, preemptions }) =>
      runningOf({
        id,
        priority,
        resources: toVector(resources).toAmounts(),
        startedAtMs: Date.parse(startedAt),
        maxRuntimeSeconds: maxRuntimeSeconds ?? null,
        isPreemptible: preemptible ?? false,
        preemptions: preemptions ?? 0,
      }),
    ),
    queue,
    reservations: reservation ? reservationOf(toStatement(reservation), queue, nowMs) : [],
  };
}

function toStatement({
  id,
  promisedAt,
  state,
  since,
  until,
}: SimulationReservationDto): Parameters<typeof reservationOf>[0] {
  const time = (text: string | null | undefined): number | null => (typeof text === 'string' ? Date.parse(text) : null);
  return {
    id,
    promisedAtMs: time(promisedAt),
    state: state === 'lapsed' ? state : 'held',
    sinceMs: time(since),
    untilMs: time(until),
  };
}

/** What of a plan leaves the service. */
export function toSimulatedPlanDto({ answer, elapsedMs, omittedCount }: SimulatedPlan): SimulatedPlanDto {
  return present(SimulatedPlanDto, { ...answer, omittedCount, elapsedMs: Math.round(elapsedMs * 1000) / 1000 });
}
