// How the verifier reads what has yet to stop. As the rest of it, this shares nothing with the solver but the forms of data.
import type { Nomination } from '../reservation.js';
import type { Plan, Snapshot, WaitingShape } from '../types.js';
import { at, ensure, max, rowOf, sum } from './verify-numbers.js';

const isOf = (shape: WaitingShape, { priority, request, maxRuntimeSeconds }: Nomination): boolean =>
  shape.priority === priority &&
  shape.maxRuntimeSeconds === maxRuntimeSeconds &&
  rowOf(shape.request).join() === rowOf(request).join();
const nominations = ({ reservations }: Pick<Plan, 'reservations'>): Nomination[] =>
  reservations.filter((one) => one.state === 'nominated');

/** How many of a shape are nominated before a plan, or after it. */
export const nominatedIn = (of: Pick<Plan, 'reservations'>, shape: WaitingShape): bigint =>
  sum(
    nominations(of).filter((one) => isOf(shape, one)),
    ({ count }) => BigInt(count),
  );

/** When everything terminating has stopped, and those of the given groups that have a grace. */
export function lastStop({ running, nowMs, policy }: Snapshot, groups: readonly number[]): number {
  const graceEnds = nowMs + policy.stopGraceSeconds * 1000;
  const vacating = running.map(({ isTerminating, endsAtMs }) =>
    isTerminating === true ? (endsAtMs ?? graceEnds) : nowMs,
  );
  const told = groups.map((index) => (at(running, index).preemptible?.stopsAtOnce === true ? nowMs : graceEnds));
  return Math.max(nowMs, ...vacating, ...told);
}

/** What starts fits beside everything that holds resources; what is nominated does not, and waits for something to stop. */
export function checkStops(snapshot: Snapshot, plan: Plan): void {
  const { running, waiting, capacity, nowMs, policy } = snapshot;
  const victims = plan.preempt.map(({ group }) => group);
  const isGone = (index: number): boolean =>
    victims.includes(index) && (policy.stopGraceSeconds === 0 || at(running, index).preemptible?.stopsAtOnce === true);
  const stays = running.filter((_, index) => !isGone(index));
  const starts = (i: number): bigint =>
    sum(plan.place, ({ shape, count }) => at(rowOf(at(waiting, shape).request), i) * BigInt(count));
  const left = rowOf(capacity).map(
    (whole, i) => whole - starts(i) - sum(stays, ({ resources, count }) => at(rowOf(resources), i) * BigInt(count)),
  );
  ensure(!left.some((amount, i) => starts(i) > 0n && amount < 0n), 'it does not fit before others have stopped');
  const stopMs = lastStop(snapshot, victims);
  const isWaited =
    running.some(({ isTerminating }) => isTerminating === true) || victims.some((index) => !isGone(index));
  ensure(nominations(plan).length === 0 || isWaited, 'nothing has to stop for a nomination');
  for (const nomination of nominations(plan)) {
    const shape = waiting.find((one) => isOf(one, nomination));
    const before = nominations(snapshot).filter((one) => isOf(shape ?? at(waiting, -1), one));
    const sinceMs = [nowMs, ...before.map((one) => one.sinceMs)];
    ensure(
      nomination.count > 0 && nomination.untilMs === stopMs && sinceMs.includes(nomination.sinceMs),
      'a nomination is not what it says',
    );
    const fits = left.every((amount, i) => at(rowOf(nomination.request), i) <= max(0n, amount));
    ensure(!fits, 'a nominated deployment waits that could start');
  }
}
