import { describe, expect, it } from 'vitest';
import { addressKey, clientKey } from './address-key.ts';

describe('the key of an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
    ['64:ff9b::192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
  ])('%s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it('is one for all of a /64 and another for its neighbour', () => {
    expect(addressKey('2001:db8:0:1::1')).toBe(addressKey('2001:db8:0:1:ffff:ffff:ffff:ffff'));
    expect(addressKey('2001:db8:0:1::1')).not.toBe(addressKey('2001:db8:0:2::1'));
  });

  it.each([
    undefined,
    '',
    'localhost',
    '192.0.2.007',
    '1.2.3',
    '1.2.3.4.5',
    ':::',
    '2001:db8::1::2',
    'x'.repeat(1e6),
  ])('is the one key of nonsense for %s', (address) => {
    expect(addressKey(address)).toBe('unknown');
  });
});

describe('the key of a client', () => {
  const remoteAddress = '10.0.0.1';

  it('is the peer unless proxies are trusted: the header is anybody’s', () => {
    expect(clientKey({ remoteAddress, forwardedFor: '192.0.2.1' })).toBe('10.0.0.1');
  });

  it('is counted from the right, so that what the client wrote itself is not reached', () => {
    const forwardedFor = '203.0.113.99, 192.0.2.1, 10.0.0.2';
    expect(clientKey({ remoteAddress, forwardedFor }, 1)).toBe('10.0.0.2');
    expect(clientKey({ remoteAddress, forwardedFor }, 2)).toBe('192.0.2.1');
  });

  it('is the peer if the request came past the proxies', () => {
    expect(clientKey({ remoteAddress }, 2)).toBe('10.0.0.1');
    expect(clientKey({ remoteAddress, forwardedFor: '192.0.2.1' }, 2)).toBe('10.0.0.1');
  });

  it.each([
    ['192.0.2.1:4711', '192.0.2.1'],
    ['[2001:db8::1]:4711', '2001:db8:0:0::/64'],
    ['[2001:db8::1]', '2001:db8:0:0::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['nonsense:4711', 'unknown'],
  ])('reads %s as %s', (forwardedFor, key) => {
    expect(clientKey({ remoteAddress, forwardedFor }, 1)).toBe(key);
  });

  it.each([NaN, -1, 1.5, Infinity, '2', null])('is not guessed for %s trusted hops', (hops) => {
    const origin = { remoteAddress, forwardedFor: '203.0.113.99, 192.0.2.1' };
    expect(() => clientKey(origin, hops as number)).toThrow(
      expect.objectContaining({ code: 'ERR_RESOURCE_OPTIONS' }),
    );
  });

  it('is the one of nobody where there is no address', () => {
    expect(clientKey({ remoteAddress: null as unknown as undefined })).toBe('unknown');
  });

  it('reads several headers as one list', () => {
    expect(clientKey({ remoteAddress, forwardedFor: ['203.0.113.9', '192.0.2.1'] }, 1)).toBe('192.0.2.1');
  });
});
