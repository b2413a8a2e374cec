import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { normalizeName, packageUrl } from './ecosystem.ts';
import { NO_OSV_VECTORS, OSV_VECTORS } from './testing/shared-vectors.ts';

it('spells Python names in one way and leaves those of npm as they are', () => {
  expect(normalizeName('PyPI', 'Zope__Interface.-x')).toBe('zope-interface-x');
  expect(normalizeName('npm', 'JSONStream')).toBe('JSONStream');
});

it.each([
  [{ ecosystem: 'npm', name: '@scope/name' }, '1.0.0+build', 'pkg:npm/%40scope/name@1.0.0%2Bbuild'],
  [{ ecosystem: 'PyPI', name: 'zope-interface' }, undefined, 'pkg:pypi/zope-interface'],
  [{ ecosystem: 'npm', name: "a'(b)" }, '1!0', 'pkg:npm/a%27%28b%29@1%210'],
  [{ ecosystem: 'npm', name: '\u{D800}' }, undefined, 'pkg:npm/%EF%BF%BD'],
] as const)('makes a package URL', (name, version, expected) => {
  expect(packageUrl(name, version)).toBe(expected);
});

interface PurlTest {
  readonly test_type: string;
  readonly input: {
    readonly namespace: string | null;
    readonly name: string;
    readonly version: string | null;
    readonly qualifiers: unknown;
    readonly subpath: unknown;
  };
  readonly expected_output: string;
  readonly expected_failure: boolean;
}

it.skipIf(NO_OSV_VECTORS).each(['npm', 'PyPI'] as const)(
  `builds the package URLs of the specification's own tests for %s${NO_OSV_VECTORS === undefined ? '' : ` (${NO_OSV_VECTORS})`}`,
  (ecosystem) => {
    const file = join(OSV_VECTORS, 'purl', `${ecosystem.toLowerCase()}-test.json`);
    const { tests } = JSON.parse(readFileSync(file, 'utf8')) as { tests: PurlTest[] };
    const builds = tests.filter(
      ({ test_type: type, input, expected_failure: fails }) =>
        type === 'build' && !fails && input.qualifiers === null && input.subpath === null,
    );
    expect(builds.length).toBeGreaterThan(0);
    for (const { input, expected_output: expected } of builds) {
      const name = input.namespace === null ? input.name : `${input.namespace}/${input.name}`;
      expect(
        packageUrl({ ecosystem, name: normalizeName(ecosystem, name) }, input.version ?? undefined),
      ).toBe(expected);
    }
  },
);
