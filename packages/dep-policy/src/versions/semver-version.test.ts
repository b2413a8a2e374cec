import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { compareVersions } from './version-order.ts';
import { parseSemver } from './semver-version.ts';

const identifier = fc.oneof(
  fc.nat({ max: 30 }).map(String),
  fc.constantFrom('alpha', 'beta', 'rc', 'a-b', 'A', '0x1', '-', 'rc1'),
);
const version = fc
  .record({
    core: fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 12 }), fc.nat({ max: 12 })),
    prerelease: fc.array(identifier, { maxLength: 3 }),
    build: fc.option(identifier, { nil: undefined }),
  })
  .map(
    ({ core, prerelease, build }) =>
      core.join('.') +
      (prerelease.length === 0 ? '' : `-${prerelease.join('.')}`) +
      (build === undefined ? '' : `+${build}`),
  );

it('orders versions as the semver library does', () => {
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(compareVersions('npm', a, b)).toBe(semver.compare(a, b));
    }),
    { numRuns: 5000 },
  );
});

describe('the numbers of a version', () => {
  it('are exact at any size', () => {
    const [low, high] = ['1.0.0-20260101000000000001', '1.0.0-20260101000000000002'];
    expect(compareVersions('npm', low, high)).toBe(-1);
    expect(compareVersions('npm', '9007199254740993.0.0', '9007199254740992.0.0')).toBe(1);
  });

  it('are 0 where an advisory leaves them out', () => {
    expect(compareVersions('npm', '4.17', '4.17.0')).toBe(0);
    expect(compareVersions('npm', '1', '1.0.0')).toBe(0);
  });

  it('may follow a v', () => {
    expect(compareVersions('npm', 'v1.2.3', '1.2.3')).toBe(0);
  });
});

it.each([
  ['a commit', '74ab10ee0c4a2e7ba1e5b1c0ba5a8a1f0d9e9a3c'],
  ['a list', '7.2.4, 6.11.4'],
  ['a range', '>=1.0.0'],
  ['four numbers', '1.2.3.4'],
  ['a word', 'latest'],
  ['nothing', ''],
  ['257 characters', `1.0.0-${'a'.repeat(251)}`],
])('takes no version out of %s', (_, text) => {
  expect(parseSemver(text)).toBeUndefined();
});

it('reads a version of 256 characters', () => {
  expect(parseSemver(`1.0.0-${'a'.repeat(250)}`)).toBeDefined();
});
