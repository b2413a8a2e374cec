import { describe, expect, it } from 'vitest';
import { npmEntry, osvRecord, recordsSource } from '../testing/osv.ts';
import { writeProject } from '../testing/workspace.ts';
import { explainFinding, parseFindingId } from './explain.ts';
import { scanDependencies } from './scan.ts';

describe('an explanation', () => {
  it.each([
    [
      'GHSA-1:pkg:npm/%40scope/name@1.0.0',
      { advisory: 'GHSA-1', subject: { ecosystem: 'npm', name: '@scope/name', version: '1.0.0' } },
    ],
    [
      'DSA:1:pkg:pypi/a-b@1.0%2Bcu112',
      { advisory: 'DSA:1', subject: { ecosystem: 'PyPI', name: 'a-b', version: '1.0+cu112' } },
    ],
    ['X-1:pkg:npm/a', { advisory: 'X-1', subject: { ecosystem: 'npm', name: 'a', version: undefined } }],
  ])('is asked for by the id %s', (id, expected) => {
    expect(parseFindingId(id)).toEqual(expected);
  });

  it.each(['', 'X-1', 'X-1:pkg:cargo/a@1', 'X-1:pkg:npm/a@1@2', 'X-1:pkg:npm/%zz'])(
    'is not asked for by %j',
    (id) => {
      expect(parseFindingId(id)).toBeUndefined();
    },
  );

  it('makes the same finding again, from its id alone', async () => {
    const advisories = recordsSource([
      osvRecord('X-1', npmEntry('left', 'introduced', '0', 'fixed', '2.0.0')),
    ]);
    const root = await writeProject({
      'package-lock.json': {
        lockfileVersion: 3,
        packages: { '': {}, 'node_modules/left': { version: '1.0.0' } },
      },
    });
    const { findings } = await scanDependencies({ root, lockfiles: ['package-lock.json'], advisories });
    const explanation = await explainFinding(findings[0]!.id, advisories);
    expect(explanation?.finding?.evidence).toEqual(findings[0]!.evidence);
    expect(await explainFinding('X-1:pkg:npm/left@2.0.0', advisories)).toMatchObject({
      finding: undefined,
      records: [{ match: { state: 'unaffected' } }],
    });
  });
});
