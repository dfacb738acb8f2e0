import { isIPv6 } from 'node:net';

/** The first six groups of an IPv4 address in IPv6 notation, as a socket for both families reports it. */
const MAPPED_IPV4 = [0, 0, 0, 0, 0, 0xffff].join();

/**
 * The key of an address in counters. Outside of requests there is none, and all share one count.
 *
 * An IPv6 address counts as its /64: a client usually has all addresses of it, and could otherwise take a new one for each request.
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

/** The eight groups of a valid IPv6 address, without its zone. */
function groupsOf(address: string): number[] {
  const [written = ''] = address.split('%');
  const [head = [], tail] = written.split('::').map(parse);
  if (tail === undefined) return head;
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

/** Parses groups between colons. The last may be an IPv4 address, which is two groups. */
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
