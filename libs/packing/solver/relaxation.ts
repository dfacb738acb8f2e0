import { type Box, openClasses, sumLevel } from './box.js';
import { type Frame, type Groups, type Prices, quantize } from './bound.js';
import { LinearProgram } from './linear-program.js';

/**
 * The linear program of a frame: columns are the classes still open at the frame's level and above, measured from their lower bounds.
 * Rows: capacity (only what could run out), one per level whose count is required, one per group.
 *
 * Rows of capacity are scaled by the mean request, so that all coefficients are of the order of one; the row of a level that counts work by the most
 * that one class is worth. Such a row is the frame's own or none: what stays at higher levels is fixed.
 */
export interface Relaxation {
  readonly lp: LinearProgram;
  /** Class of each column. */
  readonly classes: Int32Array;
  /** For each capacity row of the linear program: the program's row, and what one scaled unit is. */
  readonly capacityRows: readonly { readonly row: number; readonly unit: number }[];
  /** Row of the linear program for each level, -1 for none. */
  readonly levelRows: Int32Array;
  /** What one scaled unit of the frame's own level is: 1 where it counts deployments, much more where it counts work. */
  readonly unit: number;
  /** First row of the groups. */
  readonly firstGroupRow: number;
}

/** @param requiresLevel whether the frame's own level must have its count too, or is to be maximized */
export function relax(frame: Frame, requiresLevel: boolean): Relaxation {
  const levels = Array.from({ length: frame.level + 1 }, (_, level) => openClasses(frame.program, frame.box, level));
  const classes = Int32Array.from(levels.flat());
  const capacityRows = scarceRows(frame, classes);
  const levelRows = new Int32Array(frame.level + 1).fill(-1);
  let rows = capacityRows.length;
  const countsWork = frame.program.stages[frame.level] !== 'placed';
  const hasOpen = classes.some((index) => frame.program.level[index] === frame.level);
  if (countsWork && requiresLevel && hasOpen) levelRows[frame.level] = rows++;
  const dense = rows;
  for (const index of classes) {
    const level = frame.program.level[index]!;
    if (levelRows[level] === -1 && (requiresLevel || level < frame.level)) levelRows[level] = rows++;
  }
  const firstGroupRow = rows;
  rows += frame.groups?.lower.length ?? 0;
  const lp = new LinearProgram(rows, dense, classes.length);
  const unit = countsWork ? largestWorth(frame, classes) : 1;
  const relaxation = { lp, classes, capacityRows, levelRows, unit, firstGroupRow };
  fillColumns(frame, relaxation);
  fillRows(frame, relaxation);
  return relaxation;
}

function largestWorth({ program, level }: Frame, classes: Int32Array): number {
  return classes.reduce(
    (most, index) => (program.level[index] === level ? Math.max(most, program.weight[index]!) : most),
    1,
  );
}

function scarceRows(frame: Frame, classes: Int32Array): Relaxation['capacityRows'] {
  const { program, box, rest } = frame;
  const scarce: { row: number; unit: number }[] = [];
  for (let row = 0; row < program.rows; row++) {
    let most = 0;
    let sum = 0;
    let users = 0;
    for (const index of classes) {
      const amount = program.amounts[index * program.rows + row]!;
      if (amount === 0) continue;
      most += amount * (box.upper[index]! - box.lower[index]!);
      sum += amount;
      users++;
    }
    if (most > rest[row]!) scarce.push({ row, unit: users > 0 ? sum / users : 1 });
  }
  return scarce;
}

function fillColumns(frame: Frame, relaxation: Relaxation): void {
  const { program, box, groups } = frame;
  const { lp, classes, capacityRows, levelRows, unit: unitOfWork, firstGroupRow } = relaxation;
  classes.forEach((index, column) => {
    capacityRows.forEach(({ row, unit }, scaled) => {
      lp.coefficients[column * lp.dense + scaled] = program.amounts[index * program.rows + row]! / unit;
    });
    const level = levelRows[program.level[index]!]!;
    if (level >= capacityRows.length && level < lp.dense) {
      lp.coefficients[column * lp.dense + level] = program.weight[index]! / unitOfWork;
    } else lp.levelRow[column] = level;
    const group = groups?.of[index] ?? -1;
    if (group >= 0) lp.groupRow[column] = firstGroupRow + group;
    lp.upper[column] = box.upper[index]! - box.lower[index]!;
  });
}

function fillRows(frame: Frame, relaxation: Relaxation): void {
  const { program, box, groups, counts, rest } = frame;
  const { lp, capacityRows, levelRows, unit: unitOfWork } = relaxation;
  capacityRows.forEach(({ row, unit }, scaled) => {
    lp.rightHand[scaled] = rest[row]! / unit;
    lp.upper[lp.columns + scaled] = rest[row]! / unit;
  });
  levelRows.forEach((row, level) => {
    if (row < 0) return;
    const count = counts[level]!;
    const most = level === frame.level ? frame.most : count;
    const scale = level === frame.level ? unitOfWork : 1;
    lp.rightHand[row] = (most - sumLevel(program, box.lower, level)) / scale;
    lp.upper[lp.columns + row] = (most - count) / scale;
  });
  if (groups === null) return;
  boundGroups(groups, relaxation, box);
}

/** Carries the present ranges of groups over to their rows: sum + slack = 0, so that the slack is minus the sum. `box` is that of the columns. */
function boundGroups(groups: Groups, { lp, classes, firstGroupRow }: Relaxation, box: Box): void {
  const base = new Float64Array(groups.lower.length);
  for (const index of classes) {
    const group = groups.of[index]!;
    if (group >= 0) base[group] = base[group]! + box.lower[index]!;
  }
  for (const [group, lower] of base.entries()) {
    const slack = lp.columns + firstGroupRow + group;
    lp.lower[slack] = lower - groups.upper[group]!;
    lp.upper[slack] = lower - groups.lower[group]!;
  }
}

/** Multipliers of the linear program in the terms of the frame, times `factor`: the unit that its costs are in. */
export function toPrices(frame: Frame, relaxation: Relaxation, duals: Float64Array, factor = 1): Prices {
  const { program, groups } = frame;
  const { capacityRows, levelRows, firstGroupRow } = relaxation;
  const capacity = new Float64Array(program.rows);
  capacityRows.forEach(({ row, unit }, scaled) => {
    capacity[row] = quantize((Math.max(0, duals[scaled]!) * factor) / unit);
  });
  const levels = new Float64Array(program.priorities.length);
  levelRows.forEach((row, level) => {
    const scale = level === frame.level ? relaxation.unit : 1;
    if (row >= 0) levels[level] = quantize((duals[row]! * factor) / scale);
  });
  const groupPrices =
    groups === null ? null : groups.lower.map((_, group) => quantize(duals[firstGroupRow + group]! * factor));
  return { capacity, levels, groups: groupPrices };
}
