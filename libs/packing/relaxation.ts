import { type Box, openClasses, sumLevel } from './box.js';
import { type Frame, type Prices, quantize } from './bound.js';
import { LinearProgram } from './linear-program.js';

/**
 * The linear program of a frame: columns are the classes still open at the frame's level and above, measured from their lower bounds.
 * Rows: capacity (only what could run out), one per level whose count is required, one per group.
 *
 * Rows of capacity are scaled by the mean request, so that all coefficients are of the order of one.
 */
export interface Relaxation {
  readonly lp: LinearProgram;
  /** Class of each column. */
  readonly classes: Int32Array;
  /** For each capacity row of the linear program: the program's row, and what one scaled unit is. */
  readonly capacityRows: readonly { readonly row: number; readonly unit: number }[];
  /** Row of the linear program for each level, -1 for none. */
  readonly levelRows: Int32Array;
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
  for (const index of classes) {
    const level = frame.program.level[index] as number;
    if (levelRows[level] === -1 && (requiresLevel || level < frame.level)) levelRows[level] = rows++;
  }
  const firstGroupRow = rows;
  rows += frame.groups?.lower.length ?? 0;
  const lp = new LinearProgram(rows, capacityRows.length, classes.length);
  const relaxation = { lp, classes, capacityRows, levelRows, firstGroupRow };
  fillColumns(frame, relaxation);
  fillRows(frame, relaxation);
  return relaxation;
}

function scarceRows(frame: Frame, classes: Int32Array): Relaxation['capacityRows'] {
  const { program, box, rest } = frame;
  const scarce: { row: number; unit: number }[] = [];
  for (let row = 0; row < program.rows; row++) {
    let most = 0;
    let sum = 0;
    let users = 0;
    for (const index of classes) {
      const amount = program.amounts[index * program.rows + row] as number;
      if (amount === 0) continue;
      most += amount * ((box.upper[index] as number) - (box.lower[index] as number));
      sum += amount;
      users++;
    }
    if (most > (rest[row] as number)) scarce.push({ row, unit: users > 0 ? sum / users : 1 });
  }
  return scarce;
}

function fillColumns(frame: Frame, relaxation: Relaxation): void {
  const { program, box, groups } = frame;
  const { lp, classes, capacityRows, levelRows, firstGroupRow } = relaxation;
  classes.forEach((index, column) => {
    capacityRows.forEach(({ row, unit }, scaled) => {
      lp.coefficients[column * lp.dense + scaled] = (program.amounts[index * program.rows + row] as number) / unit;
    });
    lp.levelRow[column] = levelRows[program.level[index] as number] as number;
    const group = groups?.of[index] ?? -1;
    if (group >= 0) lp.groupRow[column] = firstGroupRow + group;
    lp.upper[column] = (box.upper[index] as number) - (box.lower[index] as number);
  });
}

function fillRows(frame: Frame, relaxation: Relaxation): void {
  const { program, box, groups, counts, rest } = frame;
  const { lp, capacityRows, levelRows } = relaxation;
  capacityRows.forEach(({ row, unit }, scaled) => {
    lp.rightHand[scaled] = (rest[row] as number) / unit;
    lp.upper[lp.columns + scaled] = (rest[row] as number) / unit;
  });
  levelRows.forEach((row, level) => {
    if (row < 0) return;
    const count = counts[level] as number;
    const most = level === frame.level ? frame.most : count;
    lp.rightHand[row] = most - sumLevel(program, box.lower, level);
    lp.upper[lp.columns + row] = most - count;
  });
  if (groups === null) return;
  for (let group = 0; group < groups.lower.length; group++) boundGroup(frame, relaxation, box, group);
}

/** Carries a group's present range over to its row: sum + slack = 0, so that the slack is minus the sum. `box` is that of the columns. */
export function boundGroup(frame: Frame, relaxation: Relaxation, box: Box, group: number): void {
  const { groups } = frame;
  const { lp, classes, firstGroupRow } = relaxation;
  if (groups === null) return;
  let base = 0;
  for (const index of classes) {
    if (groups.of[index] === group) base += box.lower[index] as number;
  }
  const slack = lp.columns + firstGroupRow + group;
  lp.lower[slack] = base - (groups.upper[group] as number);
  lp.upper[slack] = base - (groups.lower[group] as number);
}

/** Multipliers of the linear program in the terms of the frame, times `factor`. */
export function toPrices(frame: Frame, relaxation: Relaxation, duals: Float64Array, factor = 1): Prices {
  const { program, groups } = frame;
  const { capacityRows, levelRows, firstGroupRow } = relaxation;
  const capacity = new Float64Array(program.rows);
  capacityRows.forEach(({ row, unit }, scaled) => {
    capacity[row] = quantize((Math.max(0, duals[scaled] as number) * factor) / unit);
  });
  const levels = new Float64Array(program.priorities.length);
  levelRows.forEach((row, level) => {
    if (row >= 0) levels[level] = quantize((duals[row] as number) * factor);
  });
  const groupPrices =
    groups === null
      ? null
      : groups.lower.map((_, group) => quantize((duals[firstGroupRow + group] as number) * factor));
  return { capacity, levels, groups: groupPrices };
}
