import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { allowsPep440 } from './pep440-specifier.ts';

describe('a specifier of PEP 440', () => {
  it.each([
    ['~=2.2', '2.9', true],
    ['~=2.2', '3.0', false],
    ['~=2.2.0', '2.2.9', true],
    ['~=2.2.0', '2.3', false],
    ['==1.0', '1.0+cu112', true],
    ['==1.0+cu112', '1.0', false],
    ['==1.*', '1.9.post1', true],
    ['<2', '2.0rc1', false],
    ['>1.0', '1.0.post1', false],
    ['!=1.5.*', '1.5.3', false],
    ['', '1', true],
    ['===weird', 'weird', true],
  ])('%s and %s: %s', (specifier, version, expected) => {
    expect(allowsPep440(specifier, version)).toBe(expected);
  });

  it('does not answer where there is no version or no clause', () => {
    expect(allowsPep440('>=1', 'soon')).toBeUndefined();
    expect(allowsPep440('^1.2', '1.2')).toBeUndefined();
    expect(allowsPep440('~=1', '1.2')).toBeUndefined();
    expect(allowsPep440('>=1.*', '1.2')).toBeUndefined();
  });

  const VERSIONS = [
    '1',
    '1.0',
    '1.0.0',
    '1.0.1',
    '1.1',
    '1.10',
    '2',
    '2.0rc1',
    '2.0.dev1',
    '2.0.post1',
    '1!1.0',
  ];
  const more = [
    '1.0a1',
    '1.0b2.dev1',
    '1.0.post1.dev2',
    '1.0+local',
    '1.0+local.2',
    '1.0.1+x',
    '0',
    '0.9',
    '01.02',
  ];
  const all = [...VERSIONS, ...more];
  const operators = ['==', '!=', '<=', '>=', '<', '>', '~='];
  const python = spawnSync('/usr/bin/python3', ['-c', 'import packaging'], { encoding: 'utf8' });

  it.skipIf(python.status !== 0)(
    'agrees with python3-packaging on every pair (skipped where that is absent)',
    () => {
      const specifiers = [
        ...operators.flatMap((operator) => all.map((version) => operator + version)),
        ...['==1.*', '==1.0.*', '!=1.0.*', '==2.0.*', '==1!1.*', '==0.*', '>=1,<2', '~=1.0,!=1.0.1'],
      ];
      const cases = specifiers.flatMap((specifier) => all.map((version) => [specifier, version] as const));
      const script = `
import json, sys
from packaging.specifiers import SpecifierSet, InvalidSpecifier
out = []
for specifier, version in json.load(sys.stdin):
    try:
        out.append(SpecifierSet(specifier, prereleases=True).contains(version))
    except InvalidSpecifier:
        out.append(None)
json.dump(out, sys.stdout)
`;
      const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', script], {
        input: JSON.stringify(cases),
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
      expect(stderr).toBe('');
      const expected = JSON.parse(stdout) as (boolean | null)[];
      const different = cases.flatMap(([specifier, version], at) => {
        const wanted = expected[at];
        // Debian's packaging 23.0 takes an epoch for a part of the release when it compares prefixes of zeros.
        if (version.includes('!') && /^(?:~=|[!=]=.*\*)/.test(specifier) && !specifier.includes('!'))
          return [];
        if (wanted === null) return [];
        const found = allowsPep440(specifier, version);
        return found === wanted ? [] : [`${specifier} ${version}: expected ${wanted}, found ${found}`];
      });
      expect(different).toEqual([]);
      expect(expected.filter((one) => one !== null).length).toBeGreaterThan(2000);
    },
  );
});
