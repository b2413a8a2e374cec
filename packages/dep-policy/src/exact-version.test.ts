import { expect, it } from 'vitest';
import { isExactVersion } from './exact-version.ts';

it.each([
  '0.0.0',
  '1.2.3',
  '1.2.3-rc.1',
  '1.2.3-0a',
  '1.2.3+build.07',
  '1.0.0-alpha.beta-x+exp.sha.5114f85',
  '99999999999999999999.0.0',
])('accepts %s as exact', (text) => {
  expect(isExactVersion(text)).toBe(true);
});

it.each([
  '',
  '1',
  '1.2',
  '1.2.x',
  '1.2.*',
  '*',
  'latest',
  '^1.2.3',
  '~1.2.3',
  '>=1.2.3',
  '=1.2.3',
  'v1.2.3',
  ' 1.2.3',
  '1.2.3 ',
  '1.2.3\n',
  '1.2.3 || 1.2.4',
  '1.2.3 - 1.2.3',
  '01.2.3',
  '1.2.3-01',
  '1.2.3-',
  '1.2.3-a..b',
  '1.2.3+',
  '1.2.3+a+b',
  '１.2.3',
])('refuses %j as not exact', (text) => {
  expect(isExactVersion(text)).toBe(false);
});

it('accepts 256 characters and refuses 257', () => {
  expect(isExactVersion(`1.2.3-${'a'.repeat(250)}`)).toBe(true);
  expect(isExactVersion(`1.2.3-${'a'.repeat(251)}`)).toBe(false);
});
