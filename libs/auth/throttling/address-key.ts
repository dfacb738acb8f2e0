import { isIPv6 } from 'node:net';

/** The first six groups of an IPv4 address that is written as one of IPv6, as a socket that serves both shows it. */
const MAPPED_IPV4 = [0, 0, 0, 0, 0, 0xffff].join();

/**
 * What counters know an address by. Outside of requests there is none, and all share one count.
 *
 * Of IPv6 it is the /64: whoever has one address there has them all, and would otherwise have a fresh count for each request.
 */
export function keyOf(address: string | null): string {
  if (address === null) return 'nowhere';
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address);
  if (groups.slice(0, 6).join() === MAPPED_IPV4) return dotted(groups.slice(6));
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight groups of a valid IPv6 address; its zone, which only says through which interface it came, is left out. */
function groupsOf(address: string): number[] {
  const [written = ''] = address.split('%');
  const [head = [], tail] = written.split('::').map(parse);
  if (tail === undefined) return head;
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

/** Groups that stand between colons, of which the last may be written as an IPv4 address and is two. */
function parse(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function dotted(groups: readonly number[]): string {
  return groups.flatMap((group) => [group >> 8, group & 255]).join('.');
}
