import { type Resource } from './resources.js';

/** The resources as they are printed. */
export const LABELS: Readonly<Record<Resource, string>> = { cpuMillis: 'CPU', memoryMib: 'memory', gpuMillis: 'GPU' };

/** 8152 -> `8,152`. */
export function count(amount: number): string {
  return Math.round(amount).toLocaleString('en-US');
}

/** 0.9876 -> `98.8%`; rounded down at the top, so that 100% means full; `-` for null. */
export function percent(share: number | null): string {
  return share === null ? '-' : `${(Math.floor(share * 1000 + 1e-9) / 10).toFixed(1)}%`;
}

/** Rows as lines in columns: the first flush left, the others flush right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart((widths[column] ?? 0) + 2);
  return rows.map((row) => `  ${row.map(pad).join('')}`.trimEnd());
}
