import { expect, it } from 'vitest';
import { isAddressIn, isPublicAddress, parseSubnets } from './address.ts';

it.each([
  ['below private 10/8', '9.255.255.255'],
  ['above private 10/8', '11.0.0.0'],
  ['below carrier-grade NAT', '100.63.255.255'],
  ['above carrier-grade NAT', '100.128.0.0'],
  ['below loopback', '126.255.255.255'],
  ['above loopback', '128.0.0.0'],
  ['below link-local', '169.253.255.255'],
  ['above link-local', '169.255.0.0'],
  ['below private 172.16/12', '172.15.255.255'],
  ['above private 172.16/12', '172.32.0.0'],
  ['above protocol assignments', '192.0.1.0'],
  ['below private 192.168/16', '192.167.255.255'],
  ['above private 192.168/16', '192.169.0.0'],
  ['below benchmarking', '198.17.255.255'],
  ['above benchmarking', '198.20.0.0'],
  ['below multicast', '223.255.255.255'],
  ['the first of IPv6 global unicast outside protocol assignments', '2001:200::'],
  ['a well-known resolver', '2606:4700:4700::1111'],
  ['below documentation', '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['above documentation', '2001:db9::'],
  ['above 6to4', '2003::'],
  ['above the other documentation block', '3fff:1000::'],
])('reaches %s: %s', (_, address) => {
  expect(isPublicAddress(address)).toBe(true);
});

it.each([
  ['this network', '0.0.0.0'],
  ['this network, its end', '0.255.255.255'],
  ['private 10/8, first', '10.0.0.0'],
  ['private 10/8, last', '10.255.255.255'],
  ['carrier-grade NAT, first', '100.64.0.0'],
  ['carrier-grade NAT, last', '100.127.255.255'],
  ['loopback', '127.0.0.1'],
  ['loopback, last', '127.255.255.255'],
  ['a cloud metadata service', '169.254.169.254'],
  ['private 172.16/12, first', '172.16.0.0'],
  ['private 172.16/12, last', '172.31.255.255'],
  ['protocol assignments', '192.0.0.255'],
  ['documentation 1', '192.0.2.1'],
  ['documentation 2', '198.51.100.1'],
  ['documentation 3', '203.0.113.1'],
  ['6to4 relays', '192.88.99.1'],
  ['private 192.168/16', '192.168.0.1'],
  ['benchmarking, last', '198.19.255.255'],
  ['multicast, first', '224.0.0.0'],
  ['reserved, first', '240.0.0.0'],
  ['broadcast', '255.255.255.255'],
  ['unspecified', '::'],
  ['loopback', '::1'],
  ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
  ['IPv4-mapped loopback in hexadecimal', '::ffff:7f00:1'],
  ['IPv4-mapped public', '::ffff:8.8.8.8'],
  ['IPv4-compatible', '::7f00:1'],
  ['IPv4-translated', '::ffff:0:127.0.0.1'],
  ['NAT64', '64:ff9b::7f00:1'],
  ['NAT64, public inside', '64:ff9b::808:808'],
  ['local NAT64', '64:ff9b:1::a00:1'],
  ['discard', '100::1'],
  ['the end below global unicast', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['the start above global unicast', '4000::'],
  ['Teredo', '2001:0:1::1'],
  ['ORCHID', '2001:20::1'],
  ['protocol assignments, last', '2001:1ff:ffff::'],
  ['documentation', '2001:db8::1'],
  ['6to4 of a private address', '2002:a00:1::1'],
  ['the other documentation block', '3fff:fff::'],
  ['segment routing', '5f00::1'],
  ['unique local', 'fd00::1'],
  ['unique local, first', 'fc00::'],
  ['link-local', 'fe80::1'],
  ['link-local with a zone', 'fe80::1%eth0'],
  ['global with a zone', '2606:4700::1%eth0'],
  ['site-local', 'fec0::1'],
  ['multicast', 'ff02::1'],
  ['nothing', ''],
  ['a name', 'localhost'],
  ['three numbers', '8.8.8'],
  ['an octal number', '0177.0.0.1'],
])('does not reach %s: %s', (_, address) => {
  expect(isPublicAddress(address)).toBe(false);
});

it('reads subnets and single addresses of both families', () => {
  const list = parseSubnets(['10.1.0.0/16', '127.0.0.1', 'fd00::/8', '::1']);
  const inside = ['10.1.0.0', '10.1.255.255', '127.0.0.1', 'fdff::', '::1'];
  const outside = ['10.0.255.255', '10.2.0.0', '127.0.0.2', 'fe00::', '::2', 'fd00::1%lo', 'x'];
  expect([...inside, ...outside].filter((address) => isAddressIn(list, address))).toEqual(inside);
});

it.each(['', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/-1', 'localhost', '10.0.0.0/8/8', '1.2.3', '*'])(
  'refuses "%s" as a subnet',
  (text) => {
    expect(() => parseSubnets([text])).toThrow(expect.objectContaining({ code: 'ERR_MODEL_POLICY' }));
  },
);
