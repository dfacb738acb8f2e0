// Whoever trusts these lines need not trust any others: whole numbers only, and nothing shared with the solver but the forms of data.
import type { LevelProof, Multipliers, ProofNode } from './proof.js';
import type { LevelCertificate, Plan, Snapshot, Verdict, WaitingShape } from './types.js';

type Start = { shape: WaitingShape; due: bigint; free: bigint };
/** Shapes that the constraints cannot tell apart; its place in the sorted list is how a proof refers to it. */
type Cell = { priority: number; row: bigint[]; count: bigint; due: bigint; placed: bigint };
/** Cells whose sum is within a range: what starts at a level, or what a proof distinguishes cases by. */
type Sum = { members: readonly number[]; low: bigint; high: bigint };
/** What is known in one case of a proof: the range of each cell, and sums. */
type Case = { low: bigint[]; high: bigint[]; sums: Sum[] };
type Problem = { cells: Cell[]; limits: bigint[] };
type Bound = { value: bigint; gains: bigint[] };
type Worth = (cell: Cell) => bigint;
type Reading = (shape: WaitingShape) => bigint[];
const UNIT = 2n ** 60n;
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));
const sum = <T>(list: readonly T[], term: (item: T, index: number) => bigint): bigint =>
  list.reduce((total, item, index) => total + term(item, index), 0n);
const rowOf = (a: WaitingShape['request']): bigint[] => [a.cpuMillis, a.memoryMib, a.gpuMillis].map(BigInt);
const endOf = (shape: WaitingShape, nowMs: number): number => nowMs + (shape.maxRuntimeSeconds ?? Infinity) * 1000;
const at = <T>(list: readonly T[], index: number): T => list[index] ?? refuse(`nothing has number ${index}`);
const ensure = (condition: boolean, reason: string): unknown => condition || refuse(reason);
const refuse = (reason: string): never => {
  throw new Error(reason);
};
/** Accepted: it fits and keeps its reservation, and none that also does places more at a level than the bound, and as many at all higher ones. */
export function verify(snapshot: Snapshot, plan: Plan): Verdict {
  try {
    checkPlan(snapshot, plan);
    return { isAccepted: true };
  } catch (error) {
    return { isAccepted: false, reason: String(error) };
  }
}

function checkPlan({ waiting, nowMs, running, capacity, isCordoned }: Snapshot, plan: Plan): void {
  const { levels: claims, optimal, utilization } = plan.certificate;
  const starts: Start[] = waiting.map((shape) => ({ shape, due: 0n, free: 0n }));
  for (const { shape: index, count, includes } of plan.place) {
    const { shape, due, free } = at(starts, index);
    ensure(due + free === 0n && count > 0 && count <= shape.count && includes.length <= count, 'a count is impossible');
    starts[index] = { shape, due: BigInt(includes.length), free: BigInt(count - includes.length) };
  }
  const size = rowOf(capacity);
  const held = running.map(({ resources, count, endsAtMs: end }) => {
    return { row: rowOf(resources), count: BigInt(count), end: end !== null && end > nowMs ? end : Infinity };
  });
  const take = (shape: WaitingShape, count: bigint): unknown =>
    held.push({ row: rowOf(shape.request), count, end: endOf(shape, nowMs) });
  const leftAt = (time: number): bigint[] =>
    size.map((whole, i) => whole - sum(held, ({ row, count, end }) => (end > time ? at(row, i) * count : 0n)));
  const now = (i: number): bigint => sum(starts, ({ shape, due, free }) => at(rowOf(shape.request), i) * (due + free));
  ensure(
    leftAt(nowMs).every((left, i) => now(i) === 0n || (now(i) <= left && !isCordoned)),
    'it does not fit',
  );
  for (const { shape, due } of starts) take(shape, due);
  const open = [...claims];
  let below = Infinity;
  for (const { above, levels, utilization: multipliers } of plan.proof?.parts ?? refuse('there is no proof')) {
    const members = starts.filter(({ shape }) => shape.priority <= below && shape.priority > (above ?? -Infinity));
    below = above ?? -Infinity;
    const limits = leftAt(nowMs).map((amount) => (isCordoned ? 0n : max(0n, amount)));
    const extra = above === null ? beside(plan, nowMs, limits, leftAt) : (): bigint[] => [];
    const problem = { cells: toCells(members, (shape) => [...rowOf(shape.request), ...extra(shape)]), limits };
    const end = checkLevels(levels, problem, open);
    for (const { shape, free } of members) take(shape, free);
    if (above !== null) continue;
    const scale = size.reduce((product, whole) => (whole > 0n ? product * whole : product), 1n);
    const share = (row: bigint[]): bigint => sum(size, (whole, i) => (whole > 0n ? (at(row, i) * scale) / whole : 0n));
    const used = sum(held, ({ row, count }) => share(row) * count);
    const more = evaluate(problem, end, multipliers, (cell) => share(cell.row) * UNIT, scale).value / UNIT;
    const bound = used + more - sum(problem.cells, (cell) => cell.placed * share(cell.row));
    const toNumber = (value: bigint): number => Number((value * 10n ** 12n) / scale) / 1e12;
    ensure(Math.abs(toNumber(used) - utilization.value) < 1e-9, 'utilization is not what is used');
    ensure(toNumber(bound) <= utilization.upperBound + 1e-9, 'the bound of utilization is not proven');
  }
  ensure(below === -Infinity && open.length === 0, 'the proof does not cover the problem');
  ensure(optimal === claims.every((claim) => claim.placed === claim.upperBound), '"optimal" contradicts the levels');
}

/** Adds the limits that the reservation sets, and tells what of a shape counts against them. */
function beside({ reservation }: Plan, nowMs: number, limits: bigint[], leftAt: (ms: number) => bigint[]): Reading {
  if (reservation === null || reservation.state === 'lapsed') return () => [];
  const needed = rowOf(reservation.request);
  const time = reservation.state === 'promised' ? (reservation.promisedAtMs ?? nowMs) : null;
  const left = (time === null ? limits : leftAt(time)).map((amount, i) => amount - at(needed, i));
  const fits = left.every((amount, i) => amount >= 0n || at(needed, i) === 0n);
  ensure(time === null || (time > nowMs && fits), 'the promise cannot be kept');
  limits.push(...left.map((amount) => max(0n, amount)));
  const counts = (shape: WaitingShape, i: number): boolean =>
    time !== null
      ? endOf(shape, nowMs) > time
      : at(needed, i) > 0n && (at(left, i) >= 0n || shape.priority <= reservation.priority);
  return (shape) => rowOf(shape.request).map((amount, i) => (counts(shape, i) ? amount : 0n));
}

function toCells(starts: Start[], reading: Reading): Cell[] {
  const alike = Map.groupBy(starts, ({ shape }) => [shape.priority, ...reading(shape)].join());
  const cells = Array.from(alike.values(), (members): Cell => {
    const { shape } = at(members, 0);
    const count = sum(members, (start) => BigInt(start.shape.count) - start.due);
    const [due, placed] = [sum(members, (start) => start.due), sum(members, (start) => start.free)];
    return { priority: shape.priority, row: reading(shape), count, due, placed };
  });
  const compare = (a: bigint[], b: bigint[]): number => a.reduce((order, one, i) => order || Number(one - at(b, i)), 0);
  return cells.sort((a, b) => b.priority - a.priority || compare(a.row, b.row));
}

/** Checks the claims of some levels, taking them off the list; what the proofs leave open then bounds utilization. */
function checkLevels(proofs: readonly LevelProof[], problem: Problem, open: LevelCertificate[]): Case {
  const { cells, limits } = problem;
  const used = (i: number): bigint => sum(cells, ({ placed, row }) => placed * at(row, i));
  ensure(!limits.some((limit, i) => used(i) > limit), 'the reservation is not kept');
  const alone = ({ row, count }: Cell): bigint =>
    row.reduce((most, amount, i) => (amount > 0n ? min(most, at(limits, i) / amount) : most), count);
  const now: Case = { low: cells.map(() => 0n), high: cells.map(alone), sums: [] };
  for (const proof of proofs) {
    const { priority, placed, upperBound } = open.shift() ?? refuse('a level is not in the certificate');
    const members = [...cells.keys()].filter((index) => at(cells, index).priority === priority);
    const [count, due] = [sum(members, (i) => at(cells, i).placed), sum(members, (i) => at(cells, i).due)];
    ensure(members.length > 0 && BigInt(placed) === count + due, 'a level is not what the problem has');
    const most = proveLevel(proof, problem, now, { members, low: count, high: count }, priority);
    ensure(BigInt(upperBound) - due >= most, `bound of priority ${priority} not proven`);
  }
  ensure(now.sums.flatMap(({ members }) => members).join() === [...cells.keys()].join(), 'a level has no proof');
  return now;
}

/** The level's proven bound; narrows the case by what the distance between bound and count does not pay for. */
function proveLevel(proof: LevelProof, problem: Problem, now: Case, here: Sum, priority: number): bigint {
  const { value, gains } = evaluate(problem, now, proof.root, (cell) => (cell.priority === priority ? UNIT : 0n));
  let most = value / UNIT;
  if (proof.refutation !== null) {
    const { tree, groups } = proof.refutation;
    const target = BigInt(proof.refutation.target);
    const { low, high: top } = narrow(now, gains, value - UNIT * target);
    const high = problem.cells.map((cell, i) => at(cell.priority < priority ? low : top, i));
    const total = (members: readonly number[], bounds: bigint[]): bigint => sum(members, (i) => at(bounds, i));
    const toSum = (of: readonly number[]): Sum => ({ members: of, low: total(of, low), high: total(of, high) });
    const sums = [...now.sums, { ...here, low: target, high: max(target, most) }, ...groups.map(toSum)];
    checkNode(tree, { ...problem, limits: roundLimits(problem, low, high) }, { low, high, sums });
    most = min(most, target - 1n);
  }
  Object.assign(now, narrow(now, gains, value - UNIT * here.low), { sums: [...now.sums, here] });
  return most;
}

/** What is open uses no more of a limit, beyond the lowest counts, than a multiple of its requests' greatest common divisor. */
function roundLimits({ cells, limits }: Problem, low: bigint[], high: bigint[]): bigint[] {
  return limits.map((limit, i) => {
    const unit = cells.reduce((known, { row }, j) => (at(low, j) < at(high, j) ? gcd(known, at(row, i)) : known), 0n);
    const rest = limit - sum(cells, ({ row }, j) => at(row, i) * at(low, j));
    return unit > 0n ? limit - (((rest % unit) + unit) % unit) : limit;
  });
}

function checkNode(node: ProofNode, problem: Problem, now: Case): void {
  if ('multipliers' in node) return void ensure(evaluate(problem, now, node.multipliers).value < 0n, 'a case is open');
  if ('cut' in node) {
    const { value, gains } = evaluate(problem, now, node.cut);
    if (value >= 0n) checkNode(node.then, problem, { ...now, ...narrow(now, gains, value) });
    return;
  }
  const { members, low: least, high: most } = at(now.sums, node.group);
  const only = members.length === 1 ? members[0] : -1;
  const enter = (child: ProofNode, from: bigint, to: bigint): void => {
    const low = now.low.map((bound, i) => (i === only ? max(bound, from) : bound));
    const high = now.high.map((bound, i) => (i === only ? min(bound, to) : bound));
    const sums = now.sums.with(node.group, { members, low: from, high: to });
    if (from <= to) checkNode(child, problem, { low, high, sums });
  };
  enter(node.below, least, min(most, BigInt(node.at)));
  enter(node.above, max(least, BigInt(node.at) + 1n), most);
}

/** Weak duality: prices times right-hand sides, plus for each cell the better end of its range at its gain. */
function evaluate({ cells, limits }: Problem, now: Case, by: Multipliers, worth: Worth = () => 0n, factor = 1n): Bound {
  const prices = limits.map((_, i) => max(0n, BigInt(by.capacity[i] ?? 0) * factor));
  const gains = cells.map((cell) => worth(cell) - sum(cell.row, (amount, i) => amount * at(prices, i)));
  let value = sum(limits, (limit, i) => limit * at(prices, i));
  for (const [index, { members, low, high }] of now.sums.entries()) {
    const price = BigInt(by.sums[index] ?? 0) * factor;
    value += price * (price > 0n ? high : low);
    if (price !== 0n) for (const member of members) gains[member] = at(gains, member) - price;
  }
  return { value: value + sum(gains, (gain, i) => gain * at(gain > 0n ? now.high : now.low, i)), gains };
}

/** A cell may leave its better end only as far as `gap` pays for, at lower levels too. */
function narrow({ low, high }: Case, gains: bigint[], gap: bigint): Pick<Case, 'low' | 'high'> {
  const steps = gains.map((gain, i) => (gain === 0n || gap < 0n ? at(high, i) : gap / max(gain, -gain)));
  return {
    low: low.map((least, i) => (at(gains, i) > 0n ? max(least, at(high, i) - at(steps, i)) : least)),
    high: high.map((most, i) => (at(gains, i) > 0n ? most : min(most, at(low, i) + at(steps, i)))),
  };
}
