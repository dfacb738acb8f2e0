import ipaddr from 'ipaddr.js';

/**
 * The key of an address in counters. Outside of requests there is none, and all share one count.
 *
 * An IPv6 address counts as its /64: a client usually has all addresses of it, and could otherwise take a new one for each request.
 */
export function keyOf(address: string | null): string {
  if (address === null) return 'nowhere';
  const parsed = parse(address);
  if (parsed === undefined) return address;
  return parsed.kind() === 'ipv4' ? parsed.toString() : prefixOf(parsed as ipaddr.IPv6, 4);
}

/**
 * The network of an address, for what one owner of many addresses must not multiply: the /24 of an IPv4 address, the /48 of an IPv6 one, which
 * is the smallest that providers delegate to a site.
 */
export function networkOf(address: string | null): string {
  const parsed = address === null ? undefined : parse(address);
  if (parsed === undefined) return keyOf(address);
  if (parsed.kind() === 'ipv6') return prefixOf(parsed as ipaddr.IPv6, 3);
  return `${ipaddr.IPv4.networkAddressFromCIDR(`${parsed.toString()}/24`).toString()}/24`;
}

/** Whether an address names the machine itself. */
export function isLoopback(address: string): boolean {
  return parse(address)?.range() === 'loopback';
}

/** An IPv4 address also where it is written as IPv6, as a socket for both families reports it; undefined for other texts. */
function parse(address: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  return ipaddr.isValid(address) ? ipaddr.process(address) : undefined;
}

function prefixOf({ parts }: ipaddr.IPv6, groups: number): string {
  const kept = parts.slice(0, groups).map((part) => part.toString(16));
  return `${kept.join(':')}::/${groups * 16}`;
}
