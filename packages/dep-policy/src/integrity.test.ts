import fc from 'fast-check';
import { parse } from 'ssri';
import { describe, expect, it } from 'vitest';
import { findIntegrityFault } from './integrity.ts';

const digest = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64');

describe('length', () => {
  it('accepts a sha512 of 64 bytes', () => {
    expect(findIntegrityFault(`sha512-${digest(64)}`)).toBeUndefined();
  });

  it.each([0, 1, 32, 63, 65, 128])('refuses a sha512 of %i bytes', (bytes) => {
    expect(findIntegrityFault(`sha512-${digest(bytes)}`)).toMatchObject({ rule: 'integrity-malformed' });
  });

  it('refuses what a truncated copy leaves', () => {
    expect(findIntegrityFault('sha512-abc')).toMatchObject({ rule: 'integrity-malformed' });
  });
});

it.each([
  ['md5', 16],
  ['sha1', 20],
  ['sha256', 32],
  ['sha384', 48],
])('refuses a correct but weaker %s', (algorithm, bytes) => {
  expect(findIntegrityFault(`${algorithm}-${digest(bytes)}`)).toMatchObject({ rule: 'integrity-weak' });
});

it.each([undefined, ''])('calls %j missing', (integrity) => {
  expect(findIntegrityFault(integrity)).toMatchObject({ rule: 'integrity-missing' });
});

it.each([
  ['no algorithm', digest(64)],
  ['an upper-case algorithm', `SHA512-${digest(64)}`],
  ['an unknown algorithm', `sha999-${digest(64)}`],
  ['space around it', ` sha512-${digest(64)} `],
  ['a line break after it', `sha512-${digest(64)}\n`],
  ['options', `sha512-${digest(64)}?ct=a`],
  ['two hashes', `sha512-${digest(64)} sha512-${digest(64)}`],
  ['a weak hash beside a strong one', `sha1-${digest(20)} sha512-${digest(64)}`],
  ['no padding', `sha512-${digest(64).slice(0, -2)}`],
  ['base64url', `sha512-${digest(64).replace(/^../, '_-')}`],
  ['hexadecimal', `sha512-${'ab'.repeat(64)}`],
])('refuses %s', (_, integrity) => {
  expect(findIntegrityFault(integrity)).toMatchObject({ rule: 'integrity-malformed' });
});

it('refuses a second spelling of the same bytes', () => {
  // The character before the padding carries four bits that decoding drops.
  const canonical = digest(64);
  const twin = canonical.replace(/w==$/, 'x==');
  expect(twin).not.toBe(canonical);
  expect(Buffer.from(twin, 'base64')).toEqual(Buffer.from(canonical, 'base64'));
  expect(findIntegrityFault(`sha512-${twin}`)).toMatchObject({ rule: 'integrity-malformed' });
});

it('accepts the sha512 of any bytes, as ssri does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (bytes) => {
      const integrity = `sha512-${Buffer.from(bytes).toString('base64')}`;
      expect(findIntegrityFault(integrity)).toBeUndefined();
      expect(parse(integrity, { strict: true, single: true }).digest).toBe(integrity.slice('sha512-'.length));
    }),
  );
});

it('refuses an accepted value with anything put into it', () => {
  const good = `sha512-${digest(64)}`;
  fc.assert(
    fc.property(fc.nat(good.length), fc.string({ minLength: 1, maxLength: 3 }), (at, inserted) => {
      expect(findIntegrityFault(good.slice(0, at) + inserted + good.slice(at))).toBeDefined();
    }),
  );
});
