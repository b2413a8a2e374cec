import { describe, expect, it } from 'vitest';
import type { Ecosystem } from '../ecosystem.ts';
import { advisory, eventsOf, npmEntry, osvRecord, pypiEntry } from '../testing/osv.ts';
import type { OsvRecord } from '../testing/osv.ts';
import { matchAdvisory } from './match.ts';

function stateOf(record: OsvRecord, ecosystem: Ecosystem, name: string, version: string | undefined): string {
  return matchAdvisory({ ecosystem, name, version }, advisory(record)).state;
}

describe('an advisory', () => {
  it('is asked entry by entry, since it can have several for one package', () => {
    const record = osvRecord('X-1', [
      npmEntry('minimist', 'introduced', '0', 'fixed', '0.2.4'),
      npmEntry('minimist', 'introduced', '1.0.0', 'fixed', '1.2.6'),
    ]);
    const states = ['0.2.3', '0.2.4', '1.2.5', '1.2.6'].map((version) =>
      stateOf(record, 'npm', 'minimist', version),
    );
    expect(states).toEqual(['affected', 'unaffected', 'affected', 'unaffected']);
  });

  it('of malware counts with versions alone', () => {
    const record = osvRecord('MAL-1', {
      package: { ecosystem: 'npm', name: 'evil' },
      versions: ['1.0.1', '2.0.0-beta.1'],
    });
    expect(stateOf(record, 'npm', 'evil', '2.0.0-beta.1')).toBe('affected');
    expect(stateOf(record, 'npm', 'evil', '2.0.0')).toBe('unaffected');
  });

  it('has versions and ranges, and either is enough', () => {
    const both = {
      package: { ecosystem: 'npm', name: 'a' },
      versions: ['5.0.0'],
      ranges: [{ type: 'SEMVER', events: eventsOf(['introduced', '1.0.0', 'last_affected', '1.4.2']) }],
    };
    const states = ['1.4.2', '1.4.3', '5.0.0'].map((version) =>
      stateOf(osvRecord('X-1', both), 'npm', 'a', version),
    );
    expect(states).toEqual(['affected', 'unaffected', 'affected']);
  });

  it('that was withdrawn matches nothing', () => {
    const record = osvRecord('X-1', npmEntry('a', 'introduced', '0'), { withdrawn: '2026-02-01T00:00:00Z' });
    expect(stateOf(record, 'npm', 'a', '1.0.0')).toBe('unaffected');
  });

  it.each([
    ['no', 'affected'],
    ['2099-01-01T00:00:00Z', 'affected'],
    ['2026', 'affected'],
    [true, 'affected'],
    [null, 'affected'],
    ['2026-02-01T00:00:00.5+01:00', 'unaffected'],
  ])('is withdrawn only at a time that has come: %s', (withdrawn, state) => {
    const record = osvRecord('X-1', npmEntry('a', 'introduced', '0'), { withdrawn });
    expect(stateOf(record, 'npm', 'a', '1.0.0')).toBe(state);
  });

  it('with a GIT range first is asked for the ranges behind it', () => {
    const ranges = [
      {
        type: 'GIT',
        repo: 'https://example.org/r',
        events: [{ introduced: '0' }, { fixed: 'a'.repeat(40) }],
      },
      { type: 'ECOSYSTEM', events: eventsOf(['introduced', '0', 'fixed', '1.8.3']) },
    ];
    const record = osvRecord('X-1', { package: { ecosystem: 'PyPI', name: 'octoprint' }, ranges });
    expect(stateOf(record, 'PyPI', 'octoprint', '1.8.2')).toBe('affected');
    expect(stateOf(record, 'PyPI', 'octoprint', '1.8.3')).toBe('unaffected');
  });

  it('about commits alone cannot be evaluated on a version', () => {
    const ranges = [{ type: 'GIT', repo: 'https://example.org/r', events: [{ introduced: '0' }] }];
    const record = osvRecord('X-1', { package: { ecosystem: 'PyPI', name: 'a' }, ranges });
    expect(stateOf(record, 'PyPI', 'a', '1.0')).toBe('unevaluable');
  });

  it('is no matter of another ecosystem or name', () => {
    const record = osvRecord('X-1', npmEntry('Left', 'introduced', '0'));
    expect(stateOf(record, 'PyPI', 'left', '1.0.0')).toBe('unaffected');
    expect(stateOf(record, 'npm', 'left', '1.0.0')).toBe('unaffected');
  });

  it('may name its ecosystem with a suffix, and a Python package in any spelling', () => {
    const record = osvRecord('X-1', {
      ...pypiEntry('Zope.Interface_X', 'introduced', '0'),
      package: { ecosystem: 'PyPI:extra', name: 'Zope.Interface_X' },
    });
    expect(stateOf(record, 'PyPI', 'zope-interface-x', '1.0')).toBe('affected');
  });

  it('does not need a package URL', () => {
    expect(stateOf(osvRecord('X-1', npmEntry('a', 'introduced', '0')), 'npm', 'a', '1.0.0')).toBe('affected');
  });
});

describe('a Python version', () => {
  it('that was built locally is matched as the public one', () => {
    const record = osvRecord('X-1', pypiEntry('mxnet', 'introduced', '0', 'fixed', '1.9.1'));
    expect(stateOf(record, 'PyPI', 'mxnet', '1.9.1+cu112')).toBe('unaffected');
    expect(stateOf(record, 'PyPI', 'mxnet', '1.9.0+cu112')).toBe('affected');
    const last = osvRecord('X-2', pypiEntry('mxnet', 'introduced', '0', 'last_affected', '1.9.1'));
    expect(stateOf(last, 'PyPI', 'mxnet', '1.9.1+cu112')).toBe('affected');
  });

  it('that was built locally is matched as itself as well, where an event names it', () => {
    const record = osvRecord('X-1', pypiEntry('mxnet', 'introduced', '1.9.1+cu112', 'fixed', '1.9.2'));
    const states = ['1.9.1', '1.9.1+cu111', '1.9.1+cu112', '1.9.1+cu113', '1.9.2+cu112'].map((version) =>
      stateOf(record, 'PyPI', 'mxnet', version),
    );
    expect(states).toEqual(['unaffected', 'unaffected', 'affected', 'affected', 'unaffected']);
  });

  it('equals a listed one in another spelling', () => {
    const record = osvRecord('X-1', {
      package: { ecosystem: 'PyPI', name: 'a' },
      versions: ['1.0', '2.0rc1'],
    });
    expect(stateOf(record, 'PyPI', 'a', '1.0.0')).toBe('affected');
    expect(stateOf(record, 'PyPI', 'a', '2.0-c.1')).toBe('affected');
    expect(stateOf(record, 'PyPI', 'a', '1.0.post1')).toBe('unaffected');
  });

  it('from before PEP 440 is affected if it is listed, and else cannot be told', () => {
    const record = osvRecord('X-1', {
      ...pypiEntry('pytz', 'introduced', '0', 'fixed', '2005'),
      versions: ['2004d'],
    });
    expect(stateOf(record, 'PyPI', 'pytz', '2004d')).toBe('affected');
    expect(stateOf(record, 'PyPI', 'pytz', '2004e-x')).toBe('unevaluable');
  });
});

describe('what cannot be evaluated', () => {
  it.each([
    [
      'a fixed event with two versions in it',
      npmEntry('a', 'introduced', '6.10.0', 'fixed', '7.2.4, 6.11.4'),
    ],
    [
      'a commit in the place of a version',
      npmEntry('a', 'introduced', '0', 'fixed', '74ab10ee0c4a2e7ba1e5b1c0ba5a8a1f0d9e9a3c'),
    ],
    [
      'an event with two keys',
      {
        package: { ecosystem: 'npm', name: 'a' },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0', fixed: '1.0.0' }] }],
      },
    ],
    ['a range that is never introduced', npmEntry('a', 'fixed', '1.0.0')],
    [
      'an unknown type of range',
      { package: { ecosystem: 'npm', name: 'a' }, ranges: [{ type: 'NEXT', events: [{ introduced: '0' }] }] },
    ],
    ['neither versions nor ranges', { package: { ecosystem: 'npm', name: 'a' } }],
    ['versions that are no list', { package: { ecosystem: 'npm', name: 'a' }, versions: '1.0.0' }],
  ])('is never unaffected: %s', (_, entry) => {
    expect(stateOf(osvRecord('X-1', entry), 'npm', 'a', '9.0.0')).toBe('unevaluable');
  });

  it('gives way to an entry that says affected', () => {
    const record = osvRecord('X-1', [
      npmEntry('a', 'introduced', '0', 'fixed', 'soon'),
      npmEntry('a', 'introduced', '0', 'fixed', '2.0.0'),
    ]);
    expect(stateOf(record, 'npm', 'a', '1.0.0')).toBe('affected');
    expect(stateOf(record, 'npm', 'a', '2.0.0')).toBe('unevaluable');
  });

  it('is a version that nobody knows', () => {
    expect(stateOf(osvRecord('X-1', npmEntry('a', 'introduced', '0')), 'npm', 'a', undefined)).toBe(
      'unevaluable',
    );
  });
});

it('writes down every comparison that it has made', () => {
  const record = osvRecord('X-1', [
    npmEntry('b', 'introduced', '0'),
    npmEntry('a', 'fixed', '1.2.0', 'introduced', '0'),
  ]);
  expect(matchAdvisory({ ecosystem: 'npm', name: 'a', version: '1.1.0' }, advisory(record))).toEqual({
    state: 'affected',
    evidence: {
      record: 'X-1',
      modified: '2026-01-01T00:00:00Z',
      affected: 1,
      by: 'range',
      range: {
        index: 0,
        type: 'SEMVER',
        comparisons: [
          { event: 'introduced', version: '0', relation: '>=', holds: true, affected: true },
          { event: 'fixed', version: '1.2.0', relation: '>=', holds: false, affected: true },
        ],
      },
    },
  });
});
