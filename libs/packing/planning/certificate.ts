import type { Candidate } from './candidates.js';
import type { SolvedPlan } from './solved-plan.js';
import { type Measure, measureOf } from './measure.js';
import type { Part } from './part.js';
import type { OwnedReservation } from '../reservation.js';
import { toRow } from '../rows.js';
import { isStart } from '../solver/program.js';
import type { StepBudget } from '../solver/step-budget.js';
import { allocationsOf } from './timeline.js';
import type {
  Certificate,
  LevelCertificate,
  PreemptionCertificate,
  SliceCertificate,
  Snapshot,
  UtilizationCertificate,
} from '../types.js';

/** Says how good a plan is. */
export function toCertificate(
  snapshot: Snapshot,
  solved: SolvedPlan,
  reservation: OwnedReservation | null,
  budget: StepBudget,
): Certificate {
  const levels = toLevels(snapshot, solved, reservation);
  const last = solved.part.utilization;
  const value = sharesInUse(snapshot, solved);
  return {
    optimal: levels.every(
      ({ placed, upperBound, preemption, utilization }) =>
        placed === upperBound &&
        preemption?.retainedWork === preemption?.upperBound &&
        utilization?.reached === utilization?.upperBound,
    ),
    stopped: budget.stopped,
    steps: budget.steps,
    levels,
    utilization: { value, upperBound: value + Math.max(0, last.upperBound - last.value) + openIn(levels) },
  };
}

/** The shares of capacity that the levels leave open, where utilization is the objective. */
function openIn(levels: readonly LevelCertificate[]): number {
  return levels.reduce((sum, { utilization }) => {
    if (utilization === undefined || utilization.unitsPerResource === 0) return sum;
    return sum + (utilization.upperBound - utilization.reached) / utilization.unitsPerResource;
  }, 0);
}

/** What a level reaches, and what it cannot exceed. */
interface Reached {
  readonly placed: number;
  readonly upperBound: number;
  readonly utilization?: UtilizationCertificate;
}

/** What was reached at each priority: what stays there, and what starts. */
function toLevels(
  snapshot: Snapshot,
  { part, candidates }: SolvedPlan,
  reservation: OwnedReservation | null,
): LevelCertificate[] {
  const { program, solution } = part;
  const measure = snapshot.policy.objective === 'utilization' ? measureOf(snapshot) : null;
  const byPriority = Map.groupBy(program.priorities.keys(), (level) => program.priorities[level]!);
  return Array.from(byPriority, ([priority, levels]): LevelCertificate => {
    const at = (level: number): Reached => reachedAt(snapshot, part, level, measure);
    const retained = levels.filter((level) => program.stages[level] === 'retained');
    const reserved = levels.filter((level) => program.stages[level] === 'reserved');
    const starts = levels.filter((level) => isStart(program.stages[level]!));
    const isLater = program.rows > 3 && reservation?.priority === priority;
    const others = isLater && reserved.length > 0 ? 1 : 0;
    const all = [...reserved, ...starts].map(at);
    const slices = starts.map((level): SliceCertificate => ({ shapes: shapesAt(part, level), ...at(level) }));
    const utilization = sumOf(snapshot, slices);
    return {
      priority,
      placed: all.reduce((sum, { placed }) => sum + placed, 0) - others,
      upperBound: all.reduce((sum, { upperBound }) => sum + upperBound, 0) - others,
      ...(utilization === null ? {} : { utilization }),
      ...(slices.length > 1 ? { slices } : {}),
      ...(retained.length > 0
        ? { preemption: toPreemptionCertificate(part, candidates, priority, solution.bounds[retained[0]!]!) }
        : {}),
    };
  });
}

/** Reads utilization and count out of the one number that they are compared in. */
function reachedAt(snapshot: Snapshot, { program, solution }: Part, level: number, measure: Measure | null): Reached {
  const [value, bound] = [solution.placed[level]!, solution.bounds[level]!];
  if (measure === null || program.stages[level] !== 'filled') return { placed: value, upperBound: bound };
  const { startsPerUnit } = measure;
  const [placed, fewest] = [value % startsPerUnit, bound % startsPerUnit];
  const [reached, upperBound] = [(value - placed) / startsPerUnit, (bound - fewest) / startsPerUnit];
  // Where more may be used, any number may start with it.
  const most = Math.min(startsPerUnit - 1, Math.max(fewest, waitingAt(program, level)));
  return {
    placed,
    upperBound: upperBound === reached ? fewest : most,
    utilization: toUtilization(snapshot, measure, reached, upperBound),
  };
}

function toUtilization(
  { capacity }: Snapshot,
  { unitsPerResource }: Pick<Measure, 'unitsPerResource'>,
  reached: number,
  upperBound: number,
): UtilizationCertificate {
  const whole = BigInt(unitsPerResource) * BigInt(toRow(capacity).filter((amount) => amount > 0).length);
  const gap = BigInt(upperBound - reached) * 1000n;
  const gapThousandths = whole === 0n ? 1000 : Number((gap + whole - 1n) / whole);
  return { unitsPerResource, reached, upperBound, gapThousandths };
}

/** The utilization of a priority: the sum over its slices, nearly always one. */
function sumOf(snapshot: Snapshot, slices: readonly SliceCertificate[]): UtilizationCertificate | null {
  const all = slices.flatMap(({ utilization }) => (utilization === undefined ? [] : [utilization]));
  const [first] = all;
  if (first === undefined) return null;
  const sum = (of: 'reached' | 'upperBound'): number => all.reduce((total, one) => total + one[of], 0);
  return toUtilization(snapshot, first, sum('reached'), sum('upperBound'));
}

function waitingAt({ counts, start }: Part['program'], level: number): number {
  return counts.subarray(start[level], start[level + 1]).reduce((sum, count) => sum + count, 0);
}

function shapesAt({ program }: Part, level: number): number {
  const classes = program.members.slice(program.start[level], program.start[level + 1]);
  return classes.reduce((sum, members) => sum + members.length, 0);
}

function toPreemptionCertificate(
  { victims }: Part,
  candidates: readonly Candidate[],
  priority: number,
  bound: number,
): PreemptionCertificate {
  const gone = new Set(victims);
  const all = candidates.filter((candidate) => candidate.priority === priority);
  const stay = all.filter((candidate) => !gone.has(candidate));
  const work = stay.reduce((sum, candidate) => sum + candidate.lostWork, 0);
  return {
    eligibleCount: all.length,
    retainedCount: stay.length,
    retainedWork: work,
    upperBound: Math.floor(bound / (all.length + 1)),
  };
}

/** Sum over resources with capacity of used / capacity, after the plan, when everything terminating has stopped. */
function sharesInUse(snapshot: Snapshot, solved: SolvedPlan): number {
  const used = [0, 0, 0];
  const add = (amounts: readonly number[], count: number): void => {
    amounts.forEach((amount, row) => (used[row] = used[row]! + amount * count));
  };
  const stays = snapshot.running.filter(({ isTerminating }) => isTerminating !== true);
  for (const { amounts } of allocationsOf(stays, snapshot.nowMs)) add(amounts, 1);
  for (const { request } of solved.part.victims) add(toRow(request), -1);
  snapshot.waiting.forEach((shape, index) => {
    add(toRow(shape.request), solved.started[index]!);
  });
  return toRow(snapshot.capacity).reduce((sum, amount, row) => (amount > 0 ? sum + used[row]! / amount : sum), 0);
}
