// What the verifier computes with: whole numbers only.
import type { ResourceAmounts } from '#kernel';

export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));
export const sum = <T>(list: readonly T[], term: (item: T, index: number) => bigint): bigint =>
  list.reduce((total, item, index) => total + term(item, index), 0n);
export const rowOf = (a: ResourceAmounts): bigint[] => [a.cpuMillis, a.memoryMib, a.gpuMillis].map(BigInt);
export const at = <T>(list: readonly T[], index: number): T => list[index] ?? refuse(`nothing has number ${index}`);
export const ensure = (condition: boolean, reason: string): unknown => condition || refuse(reason);
export const refuse = (reason: string): never => {
  throw new Error(reason);
};
