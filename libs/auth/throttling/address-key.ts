import { isIPv4, isIPv6 } from 'node:net';

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

/**
 * The network of an address, for what one owner of many addresses must not multiply: the /24 of an IPv4 address, the /48 of an IPv6 one, which
 * is the smallest that providers delegate to a site.
 */
export function networkOf(address: string | null): string {
  const key = keyOf(address);
  if (isIPv4(key)) return `${key.split('.').slice(0, 3).join('.')}.0/24`;
  return key.endsWith('::/64') ? `${key.split(':').slice(0, 3).join(':')}::/48` : key;
}

/** The eight groups of a valid IPv6 address, without its zone. */
function groupsOf(address: string): number[] {
  const parts = address.replace(/%.*$/, '').split('::').map(parse);
  const zeros = Array.from({ length: 8 - parts.flat().length }, () => 0);
  return parts.flatMap((part, index) => (index === 0 ? part : [...zeros, ...part]));
}

/** Parses groups between colons. The last may be an IPv4 address, which is two groups. */
function parse(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [parseInt(group, 16)];
    const octets = group.split('.').map(Number);
    return [octets.slice(0, 2), octets.slice(2)].map((pair) => pair.reduce((sum, octet) => sum * 256 + octet, 0));
  });
}

function dotted(groups: readonly number[]): string {
  return groups.flatMap((group) => [group >> 8, group & 255]).join('.');
}
