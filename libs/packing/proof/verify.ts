// A reader who trusts these lines need not trust any others: whole numbers only, and nothing shared with the solver but the forms of data.
import type { LevelProof, Multipliers, ProofNode } from '../proof.js';
import { type LevelCertificate, MOST_SHAPES, type Plan, type Snapshot, type Verdict } from '../types.js';
import { beside, type Reading } from './verify-beside.js';
import { at, ensure, gcd, max, min, refuse, rowOf, sum } from './verify-numbers.js';
import { type Certified, readCertified } from './verify-levels.js';
import { checkNeed, isStart, type Item, readPlan } from './verify-reading.js';

/** Items that the constraints cannot tell apart; its place in the sorted list is how a proof refers to it. */
type Cell = { rank: number; row: bigint[]; weight: bigint; count: bigint; taken: bigint };
/** Cells whose sum is within a range: what a level reaches (each counts what it is worth), or what a proof distinguishes cases by. */
type Sum = { members: readonly number[]; low: bigint; high: bigint; isLevel: boolean };
/** What is known in one case of a proof: the range of each cell, and sums. */
type Case = { low: bigint[]; high: bigint[]; sums: Sum[] };
type Problem = { cells: Cell[]; limits: bigint[] };
type Bound = { value: bigint; gains: bigint[] };
type Weight = (cell: Cell) => bigint;
const UNIT = 2n ** 60n;
/**
 * Accepted: it fits and keeps its reservation, and none that also does places more at a level than the bound, and as many at all higher ones.
 * @param mostShapes of one priority that are planned at once
 */
export function verify(snapshot: Snapshot, plan: Plan, mostShapes = MOST_SHAPES): Verdict {
  try {
    checkPlan(snapshot, plan, mostShapes);
    return { isAccepted: true };
  } catch (error) {
    return { isAccepted: false, reason: String(error) };
  }
}

function checkPlan(snapshot: Snapshot, plan: Plan, mostShapes: number): void {
  const { nowMs, capacity, isCordoned } = snapshot;
  const { optimal, utilization, levels } = plan.certificate;
  const read = readPlan(snapshot, plan, mostShapes);
  const { starts, runs, held } = read;
  const size = rowOf(capacity);
  const use = (items: readonly Item[], i: number): bigint => sum(items, ({ row, taken }) => at(row, i) * taken);
  const leftAt = (time: number, endOf = ({ end }: Item): number => end): bigint[] => {
    const last = held.filter((item) => endOf(item) > time);
    return size.map((whole, i) => whole - use(last, i));
  };
  const fits = (left: bigint, i: number): boolean =>
    use(starts, i) === 0n || (use([...runs, ...starts], i) <= left && !isCordoned);
  ensure(leftAt(nowMs).every(fits), 'it does not fit');
  checkNeed(read, leftAt(nowMs));
  const limits = leftAt(nowMs).map((amount) => (isCordoned ? 0n : max(0n, amount)));
  const reading = beside(plan, nowMs, limits, read, leftAt);
  const members = [...runs, ...starts];
  const open = readCertified(snapshot, levels, read);
  const proof = plan.proof ?? refuse('there is no proof');
  const problem = { cells: toCells(members, (item) => [...item.row, ...reading(item)]), limits };
  const known = checkLevels(proof.levels, problem, open, snapshot.policy.objective === 'utilization');
  ensure(open.length === 0, 'the proof does not cover the problem');
  const scale = size.reduce((product, whole) => (whole > 0n ? product * whole : product), 1n);
  const share = (row: bigint[]): bigint => sum(size, (whole, i) => (whole > 0n ? (at(row, i) * scale) / whole : 0n));
  const used = sum([...held, ...members], ({ row, taken }) => share(row) * taken);
  const more = evaluate(problem, known, proof.utilization, (cell) => share(cell.row) * UNIT, scale).value / UNIT;
  const bound = used + more - sum(problem.cells, (cell) => cell.taken * share(cell.row));
  const toNumber = (value: bigint): number => Number((value * 10n ** 12n) / scale) / 1e12;
  ensure(Math.abs(toNumber(used) - utilization.value) < 1e-9, 'utilization is not what is used');
  ensure(toNumber(bound) <= utilization.upperBound + 1e-9, 'the bound of utilization is not proven');
  const isReached = ({ placed, upperBound, preemption, utilization }: LevelCertificate): boolean =>
    placed === upperBound &&
    preemption?.retainedWork === preemption?.upperBound &&
    utilization?.reached === utilization?.upperBound;
  ensure(optimal === levels.every(isReached), '"optimal" contradicts the levels');
}

function toCells(items: Item[], reading: Reading): Cell[] {
  const alike = Map.groupBy(items, (item) => [item.rank, ...reading(item), item.weight].join());
  const cells = Array.from(alike.values(), (members): Cell => {
    const [{ rank, weight }, row] = [at(members, 0), reading(at(members, 0))];
    return { rank, row, weight, count: sum(members, (item) => item.count), taken: sum(members, (item) => item.taken) };
  });
  const compare = (a: bigint[], b: bigint[]): number => a.reduce((found, one, i) => found || Number(one - at(b, i)), 0);
  return cells.sort((a, b) => b.rank - a.rank || compare([...a.row, a.weight], [...b.row, b.weight]));
}

/**
 * Checks what is said of some levels, taking them off the list; what the proofs leave open then bounds utilization.
 * @param areFixed whether bounds speak of what is possible beside the very starts above, and not beside as many
 */
function checkLevels(proofs: readonly LevelProof[], problem: Problem, open: Certified[], areFixed: boolean): Case {
  const { cells, limits } = problem;
  const used = (i: number): bigint => sum(cells, ({ taken, row }) => taken * at(row, i));
  ensure(!limits.some((limit, i) => used(i) > limit), 'the reservation is not kept');
  const alone = ({ row, count }: Cell): bigint =>
    row.reduce((most, amount, i) => (amount > 0n ? min(most, at(limits, i) / amount) : most), count);
  const now: Case = { low: cells.map(() => 0n), high: cells.map(alone), sums: [] };
  for (const proof of proofs) {
    const { rank, reached, beyond } = open.shift() ?? refuse('a level is not in the certificate');
    const members = [...cells.keys()].filter((index) => at(cells, index).rank === rank);
    const count = sum(members, (i) => at(cells, i).taken * at(cells, i).weight);
    ensure(members.length > 0 && reached === count, 'a level is not what the problem has');
    const most = proveLevel(proof, problem, now, { members, low: count, high: count, isLevel: true }, rank);
    const next = open[0]?.beyond ?? 0n;
    ensure(beyond === null || beyond > most, `bound of rank ${rank} not proven`);
    if (beyond === null) Object.assign(open[0] ?? {}, { beyond: next - most });
    if (areFixed || !isStart({ rank })) for (const i of members) now.low[i] = now.high[i] = at(cells, i).taken;
    if (most === 0n) now.high = pruneDominated(problem, now, members);
  }
  ensure(now.sums.flatMap(({ members }) => members).join() === [...cells.keys()].join(), 'a level has no proof');
  return now;
}

/** What is no smaller than something of which none can start cannot start either, at that level or below: the smaller one could take its place. */
function pruneDominated({ cells }: Problem, { high }: Case, members: readonly number[]): bigint[] {
  const examples = members.map((i) => at(cells, i)).filter(({ count }) => count > 0n);
  const isDominated = ({ rank, row }: Cell): boolean =>
    examples.some((one) => one.rank >= rank && one.row.every((amount, i) => amount <= at(row, i)));
  return high.map((most, i) => (most > 0n && isDominated(at(cells, i)) ? 0n : most));
}

/** The level's proven bound; narrows the case by what the distance between bound and count does not pay for. */
function proveLevel(proof: LevelProof, problem: Problem, now: Case, here: Sum, rank: number): bigint {
  const { value, gains } = evaluate(problem, now, proof.root, (cell) => (cell.rank === rank ? UNIT * cell.weight : 0n));
  let most = value / UNIT;
  if (proof.refutation !== null && most >= BigInt(proof.refutation.target)) {
    const { tree, groups } = proof.refutation;
    const target = BigInt(proof.refutation.target);
    const { low, high: top } = narrow(now, gains, value - UNIT * target);
    const high = problem.cells.map((cell, i) => at(cell.rank < rank ? low : top, i));
    const add = (of: readonly number[], ends: bigint[]): bigint => sum(of, (i) => at(ends, i));
    const cases = groups.map((of): Sum => ({ members: of, low: add(of, low), high: add(of, high), isLevel: false }));
    const sums = [...now.sums, { ...here, low: target, high: max(target, most) }, ...cases];
    const least = (i: number): bigint => sum(problem.cells, ({ row }, j) => at(row, i) * at(low, j));
    // Nothing is left to refute where the lowest counts alone exceed a limit; a tree written with rounded numbers may have narrowed less.
    if (problem.limits.every((limit, i) => least(i) <= limit))
      checkTree(tree, { ...problem, limits: roundLimits(problem, low, high) }, { low, high, sums });
    most = min(most, target - 1n);
  }
  Object.assign(now, narrow(now, gains, value - UNIT * here.low), { sums: [...now.sums, here] });
  return most;
}

/** What is open uses no more of a limit, beyond the lowest counts, than a multiple of its requests' greatest common divisor: nothing, where none asks for it. */
function roundLimits({ cells, limits }: Problem, low: bigint[], high: bigint[]): bigint[] {
  return limits.map((limit, i) => {
    const unit = cells.reduce((known, { row }, j) => (at(low, j) < at(high, j) ? gcd(known, at(row, i)) : known), 0n);
    const rest = limit - sum(cells, ({ row }, j) => at(row, i) * at(low, j));
    return limit - (unit > 0n ? rest % unit : rest);
  });
}

/** Checks every case of a tree of any depth. */
function checkTree(tree: ProofNode, problem: Problem, whole: Case): void {
  const open: (readonly [ProofNode, Case])[] = [[tree, whole]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, now] = next;
    if ('multipliers' in node) {
      ensure(evaluate(problem, now, node.multipliers).value < 0n, 'a case is open');
    } else if ('cut' in node) {
      const { value, gains } = evaluate(problem, now, node.cut);
      if (value >= 0n) open.push([node.then, { ...now, ...narrow(now, gains, value) }]);
    } else {
      const { low, high } = at(now.sums, node.group);
      const split = BigInt(node.at);
      for (const [child, from, to] of [
        [node.above, max(low, split + 1n), high],
        [node.below, low, min(high, split)],
      ] as const)
        if (from <= to) open.push([child, within(now, node.group, from, to)]);
    }
  }
}

/** The case in which a sum is within a range. */
function within(now: Case, group: number, low: bigint, high: bigint): Case {
  const { members, isLevel } = at(now.sums, group);
  const only = members.length === 1 && !isLevel ? members[0] : -1;
  return {
    low: now.low.map((bound, i) => (i === only ? max(bound, low) : bound)),
    high: now.high.map((bound, i) => (i === only ? min(bound, high) : bound)),
    sums: now.sums.with(group, { members, low, high, isLevel }),
  };
}

/** Weak duality: prices times right-hand sides, plus for each cell the better end of its range at its gain. */
function evaluate(
  { cells, limits }: Problem,
  now: Case,
  by: Multipliers,
  weight: Weight = () => 0n,
  factor = 1n,
): Bound {
  const prices = limits.map((_, i) => max(0n, BigInt(by.capacity[i] ?? 0) * factor));
  const gains = cells.map((cell) => weight(cell) - sum(cell.row, (amount, i) => amount * at(prices, i)));
  let value = sum(limits, (limit, i) => limit * at(prices, i));
  for (const [index, { members, low, high, isLevel }] of now.sums.entries()) {
    const price = BigInt(by.sums[index] ?? 0) * factor;
    value += price * (price > 0n ? high : low);
    if (price === 0n) continue;
    for (const i of members) gains[i] = at(gains, i) - (isLevel ? price * at(cells, i).weight : price);
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
