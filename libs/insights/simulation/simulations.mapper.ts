import { toVector } from '#clusters';
import { atOnce, mapInSteps, present, type Steps, type Turns } from '#http';
import { DEFAULT_POLICY, type PlanningPolicy, reservationOf, runningOf, type WholeProblem } from '#packing';
import { type Actor } from '#rbac';

import {
  PlannedWaitingDto,
  type SimulationQueuedDto,
  type SimulationReservationDto,
  SimulatedPlanDto,
  type SimulationRequestDto,
  type SimulationRunningDto,
} from './simulations.dto.js';
import { type SimulatedPlan } from './simulations.service.js';

/** A problem, in stored units. */
export function toProblem(body: SimulationRequestDto): WholeProblem {
  return atOnce(toProblemInSteps(body));
}

/** A problem, in stored units, with a pause after each of its deployments. */
export function* toProblemInSteps(body: SimulationRequestDto): Steps<WholeProblem> {
  const nowMs = Date.parse(body.now);
  const queue = yield* mapInSteps(body.queue, toQueued);
  const running = yield* mapInSteps(body.running, (one) => toRunning(one, nowMs));
  const { reservation } = body;
  const changes: Partial<PlanningPolicy> = body.policy ?? {};
  return {
    capacity: toVector(body.capacity).toAmounts(),
    nowMs,
    policy: { ...DEFAULT_POLICY, ...changes },
    isCordoned: false,
    running,
    queue,
    reservations: reservation ? reservationOf(toStatement(reservation), queue, nowMs) : [],
  };
}

function toQueued(queued: SimulationQueuedDto): WholeProblem['queue'][number] {
  const { id, priority, resources, queuedAt, maxRuntimeSeconds } = queued;
  return {
    id,
    priority,
    request: toVector(resources).toAmounts(),
    queuedAtMs: Date.parse(queuedAt),
    maxRuntimeSeconds: maxRuntimeSeconds ?? null,
  };
}

function toRunning(running: SimulationRunningDto, nowMs: number): WholeProblem['running'][number] {
  const { id, priority, resources, startedAt, maxRuntimeSeconds, preemptible, preemptions } = running;
  const stated = {
    id,
    priority,
    resources: toVector(resources).toAmounts(),
    startedAtMs: Date.parse(startedAt),
    maxRuntimeSeconds: maxRuntimeSeconds ?? null,
    isPreemptible: preemptible ?? false,
    preemptions: preemptions ?? 0,
  };
  return runningOf(stated, nowMs);
}

function toStatement({ id, promisedAt, since, until }: SimulationReservationDto): Parameters<typeof reservationOf>[0] {
  const time = (text: string | null | undefined): number | null => (typeof text === 'string' ? Date.parse(text) : null);
  return {
    id,
    promisedAtMs: time(promisedAt),
    sinceMs: time(since),
    untilMs: time(until),
  };
}

/** What of a plan leaves the service, made when it is the actor's turn. */
export async function toSimulatedPlanDto(
  turns: Turns,
  { accountId }: Pick<Actor, 'accountId'>,
  { answer, elapsedMs, omittedCount }: SimulatedPlan,
): Promise<SimulatedPlanDto> {
  const waiting = await turns.map(accountId, answer.waiting, (one) => present(PlannedWaitingDto, one));
  const elapsed = Math.round(elapsedMs * 1000) / 1000;
  const presented = present(SimulatedPlanDto, { ...answer, waiting: [], omittedCount, elapsedMs: elapsed });
  return Object.assign(presented, { waiting });
}
