import { type ResourceAmounts, RESOURCES } from '#kernel';

/** Amounts in the order of the rows. */
export function toRow(amounts: ResourceAmounts): [number, number, number] {
  return [amounts.cpuMillis, amounts.memoryMib, amounts.gpuMillis];
}

/** Whether a request exceeds the whole capacity. */
export function exceedsCapacity(
  { capacity }: { readonly capacity: ResourceAmounts },
  { request }: { readonly request: ResourceAmounts },
): boolean {
  return RESOURCES.some((resource) => request[resource] > capacity[resource]);
}

/** Compares ids, for ties. */
export function compareIds(a: { readonly id: string }, b: { readonly id: string }): number {
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

interface Aged {
  readonly id: string;
  readonly queuedAtMs: number;
}

/** Oldest first, ties by id: the order in which interchangeable deployments start. */
export function compareAge(a: Aged, b: Aged): number {
  return a.queuedAtMs - b.queuedAtMs || compareIds(a, b);
}
