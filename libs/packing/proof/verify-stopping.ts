// How the verifier reads what has yet to stop. As the rest of it, this shares nothing with the solver but the forms of data.
import type { Claim, Plan, Snapshot, WaitingShape } from '../types.js';
import { at, ensure, max, min, rowOf, sum } from './verify-numbers.js';

const isOf = (shape: WaitingShape, { priority, request, maxRuntimeSeconds }: Claim): boolean =>
  shape.priority === priority &&
  shape.maxRuntimeSeconds === maxRuntimeSeconds &&
  rowOf(shape.request).join() === rowOf(request).join();

/** How many of a shape have a claim before the plan, and after it. */
export const claimsBefore = ({ claims = [], isCordoned }: Snapshot, shape: WaitingShape): bigint =>
  isCordoned
    ? 0n
    : min(
        BigInt(shape.count),
        sum(
          claims.filter((claim) => isOf(shape, claim)),
          ({ count }) => BigInt(count),
        ),
      );
export const claimsAfter = ({ claims }: Plan, shape: WaitingShape): bigint =>
  sum(
    claims.filter((claim) => isOf(shape, claim)),
    ({ count }) => BigInt(count),
  );

/** When all has stopped that was told to, and those of the given groups that may take their time. */
export function lastStop({ running, nowMs, policy }: Snapshot, groups: readonly number[]): number {
  const graceEnds = nowMs + policy.stopGraceSeconds * 1000;
  const vacating = running.map(({ isVacating, endsAtMs }) => (isVacating === true ? (endsAtMs ?? graceEnds) : nowMs));
  const told = groups.map((index) => (at(running, index).preemptible?.stopsAtOnce === true ? nowMs : graceEnds));
  return Math.max(nowMs, ...vacating, ...told);
}

/** What starts fits beside everything that still holds something, and whoever has a claim does not, and waits for something to stop. */
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
  const isWaited = running.some(({ isVacating }) => isVacating === true) || victims.some((index) => !isGone(index));
  ensure(plan.claims.length === 0 || isWaited, 'nothing has to stop for a claim');
  for (const claim of plan.claims) {
    const shape = waiting.find((one) => isOf(one, claim));
    const before = snapshot.claims?.filter((one) => isOf(shape ?? at(waiting, -1), one)) ?? [];
    const sinceMs = [nowMs, ...before.map((one) => one.sinceMs)];
    ensure(
      claim.count > 0 && claim.untilMs === stopMs && sinceMs.includes(claim.sinceMs),
      'a claim is not what it says',
    );
    const fits = left.every((amount, i) => at(rowOf(claim.request), i) <= max(0n, amount));
    ensure(!fits, 'a claim waits that could start');
  }
}
