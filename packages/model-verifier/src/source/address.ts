import { BlockList, isIP } from 'node:net';
import { ModelError } from '../errors.ts';

/**
 * IPv4 blocks that are no place on the public internet.
 *
 * @see IANA IPv4 Special-Purpose Address Registry; RFC 1112 (240/4), RFC 5771 (multicast)
 */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/**
 * Global unicast, the only part of IPv6 that IANA has given out. Outside lie loopback, link-local, unique local,
 * multicast, IPv4-mapped addresses and NAT64 (64:ff9b::/96, 64:ff9b:1::/48).
 */
const GLOBAL_IPV6 = ['2000::/3'];

/**
 * Blocks of global unicast that are not the public internet, or that carry an IPv4 address inside: protocol
 * assignments with Teredo, documentation, 6to4.
 *
 * @see IANA IPv6 Special-Purpose Address Registry
 */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const special = parseSubnets([...SPECIAL_IPV4, ...SPECIAL_IPV6]);
const global6 = parseSubnets(GLOBAL_IPV6);

/** Whether an IP address can be a host on the public internet. Whatever cannot be read is not. */
export function isPublicAddress(address: string): boolean {
  const family = familyOf(address);
  if (family === undefined || special.check(address, family)) return false;
  return family === 'ipv4' || global6.check(address, 'ipv6');
}

/** Whether an IP address lies in one of the subnets. */
export function isAddressIn(subnets: BlockList, address: string): boolean {
  const family = familyOf(address);
  return family !== undefined && subnets.check(address, family);
}

/**
 * Reads subnets in CIDR notation, or single addresses.
 *
 * @throws {ModelError} `ERR_INPUT_SPEC` for anything else.
 */
export function parseSubnets(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const family = familyOf(address);
    const bits = family === 'ipv4' ? 32 : 128;
    const length = prefix === undefined ? bits : Number(prefix);
    if (family === undefined || length > bits) {
      throw new ModelError(
        'ERR_MODEL_POLICY',
        'expected an IP address or a subnet in CIDR notation, found neither',
      );
    }
    list.addSubnet(address, length, family);
  }
  return list;
}

/** An address with a zone (`fe80::1%eth0`) is local by nature, and no list can hold it. */
function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = address.includes('%') ? 0 : isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined;
}
