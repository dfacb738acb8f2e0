import type { ResourceAmounts } from '#kernel';

/** Amounts in the order of the rows. */
export function toRow(amounts: ResourceAmounts): [number, number, number] {
  return [amounts.cpuMillis, amounts.memoryMib, amounts.gpuMillis];
}
