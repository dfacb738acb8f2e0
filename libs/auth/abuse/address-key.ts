/** What counters know an address by. Outside of requests there is none, and all share one count. */
export function keyOf(address: string | null): string {
  return address ?? 'nowhere';
}
