import { isIPv6 } from 'node:net';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { keyOf, networkOf } from './addresses.js';

const group = fc.integer({ min: 0, max: 0xffff });
const groups = (count: number): fc.Arbitrary<number[]> => fc.array(group, { minLength: count, maxLength: count });
/** Networks but the first, in which IPv4 addresses are mapped. */
const network = groups(4).filter((parts) => parts.some((part) => part > 0));

/** The ways to write an address: whole, with zeros left out, in capitals, with the last two groups as in IPv4, with a zone. */
function spellingsOf(parts: readonly number[]): string[] {
  const whole = parts.map((part) => part.toString(16)).join(':');
  const padded = parts.map((part) => part.toString(16).padStart(4, '0').toUpperCase()).join(':');
  const [high = 0, low = 0] = parts.slice(6);
  const dotted = [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const mixed = `${parts
    .slice(0, 6)
    .map((part) => part.toString(16))
    .join(':')}:${dotted}`;
  const short = new URL(`http://[${whole}]/`).hostname.slice(1, -1);
  return [whole, padded, mixed, short, `${short}%eth0`];
}

describe('the key of an address for counters', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1::ffff:192.0.2.7', '1:0:0:0::/64'],
    ['none', 'none'],
  ])('maps %s to %s', (address, key) => {
    expect(keyOf(address)).toBe(key);
  });

  it('shares one key outside of requests', () => {
    expect(keyOf(null)).toBe('nowhere');
  });

  it('gives one key to any two addresses of one /64, in any notation', () => {
    fc.assert(
      fc.property(network, groups(4), groups(4), (prefix, one, other) => {
        const spellings = [...spellingsOf([...prefix, ...one]), ...spellingsOf([...prefix, ...other])];
        expect(spellings.filter((spelling) => !isIPv6(spelling))).toEqual([]);
        expect(new Set(spellings.map(keyOf)).size).toBe(1);
      }),
    );
  });

  it('distinguishes any two /64', () => {
    // Often only one group differs.
    const neighbours = network.chain((one) =>
      fc.tuple(
        fc.constant(one),
        fc.oneof(
          network,
          fc.tuple(fc.nat(3), group).map(([at, part]) => one.map((own, index) => (index === at ? part : own))),
        ),
      ),
    );
    fc.assert(
      fc.property(neighbours, groups(4), ([one, other], host) => {
        fc.pre(one.join() !== other.join());
        const [a = ''] = spellingsOf([...one, ...host]);
        const [b = ''] = spellingsOf([...other, ...host]);
        expect(keyOf(a)).not.toBe(keyOf(b));
      }),
    );
  });
});

describe('the network of an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.0/24'],
    ['::ffff:192.0.2.200', '192.0.2.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:db8:1:3::', '2001:db8:1::/48'],
    ['::1', '0:0:0::/48'],
    ['none', 'none'],
  ])('maps %s to %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it('contains every address that has one key', () => {
    fc.assert(
      fc.property(network, groups(4), groups(4), (prefix, one, other) => {
        const [a = ''] = spellingsOf([...prefix, ...one]);
        const [b = ''] = spellingsOf([...prefix, ...other]);
        expect(networkOf(a)).toBe(networkOf(b));
      }),
    );
  });
});
