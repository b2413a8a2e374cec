import { describe, expect, it } from 'vitest';
import { advisory, npmEntry, osvRecord } from '../testing/osv.ts';
import type { OsvRecord } from '../testing/osv.ts';
import { smallestSafeVersion } from './safe-version.ts';

describe('the smallest safe version', () => {
  const safe = (version: string, ...records: readonly OsvRecord[]) =>
    smallestSafeVersion({ ecosystem: 'npm', name: 'left', version }, records.map(advisory));

  it('is not inside of another range', () => {
    const first = osvRecord('X-1', npmEntry('left', 'introduced', '0', 'fixed', '1.2.0'));
    const second = osvRecord('X-2', npmEntry('left', 'introduced', '1.1.0', 'fixed', '1.4.0'));
    expect(safe('1.0.0', first)).toEqual({ version: '1.2.0', isSameMajor: true });
    expect(safe('1.0.0', first, second)).toEqual({ version: '1.4.0', isSameMajor: true });
  });

  it('is in the same major version if there is one there', () => {
    const record = osvRecord('X-1', [
      npmEntry('left', 'introduced', '0', 'fixed', '1.9.0'),
      npmEntry('left', 'introduced', '2.0.0', 'fixed', '2.1'),
    ]);
    expect(safe('1.0.0', record)).toEqual({ version: '1.9.0', isSameMajor: true });
    expect(safe('2.0.5', record)).toEqual({ version: '2.1.0', isSameMajor: true });
    expect(
      safe('1.0.0', record, osvRecord('X-2', npmEntry('left', 'introduced', '1.0.0', 'fixed', '2.1.0'))),
    ).toEqual({ version: '2.1.0', isSameMajor: false });
  });

  it.each([
    ['only a last affected version is known', npmEntry('left', 'introduced', '0', 'last_affected', '1.5.0')],
    ['the fix is a pre-release', npmEntry('left', 'introduced', '0', 'fixed', '1.5.0-rc.1')],
    ['the fix is below', npmEntry('left', 'fixed', '0.5.0', 'introduced', '0', 'introduced', '0.9.0')],
    ['nobody has fixed it', npmEntry('left', 'introduced', '0')],
  ])('is none where %s', (_, entry) => {
    expect(safe('1.0.0', osvRecord('X-1', entry))).toBeUndefined();
  });

  it('is none that a record cannot be evaluated on', () => {
    const broken = osvRecord('X-2', npmEntry('left', 'introduced', '9.0.0', 'fixed', 'soon'));
    expect(
      safe('1.0.0', osvRecord('X-1', npmEntry('left', 'introduced', '0', 'fixed', '1.5.0')), broken),
    ).toBeUndefined();
  });
});
