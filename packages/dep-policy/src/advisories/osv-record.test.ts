import { describe, expect, it } from 'vitest';
import { advisory, npmEntry, osvRecord } from '../testing/osv.ts';
import { parseOsvRecord } from './osv-record.ts';
import { scoreCvss } from './cvss.ts';

const CVSS3 = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
const CVSS4 = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N';
const CVSS2 = 'AV:N/AC:L/Au:N/C:P/I:P/A:P';

const entry = npmEntry('a', 'introduced', '0');

describe('the severity of a record', () => {
  const severityOf = (more: object) => advisory(osvRecord('X-1', entry, more)).severity;

  it('is that of a vector without any word', () => {
    expect(severityOf({ severity: [{ type: 'CVSS_V3', score: CVSS3 }] })).toMatchObject({
      rating: 'critical',
      score: 9.8,
    });
  });

  it('is that of the newest version of CVSS', () => {
    const severity = [CVSS2, CVSS4, CVSS3].map((score, at) => ({ type: `CVSS_V${[2, 4, 3][at]!}`, score }));
    expect(severityOf({ severity })).toMatchObject({ source: 'cvss-4', rating: 'medium' });
  });

  it('is the word of the database where there is no vector', () => {
    expect(severityOf({ database_specific: { severity: 'MODERATE' } })).toEqual({
      rating: 'medium',
      source: 'database',
    });
  });

  it('is the word where the vector is broken, which is a problem', () => {
    const record = advisory(
      osvRecord('X-1', entry, {
        severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N' }],
        database_specific: { severity: 'HIGH' },
      }),
    );
    expect(record).toMatchObject({
      severity: { rating: 'high' },
      problems: [expect.stringContaining('CVSS')],
    });
  });

  it.each([
    ['the word of the database', [], { database_specific: { severity: 'CRITICAL' } }, 'critical'],
    ['a vector of an older CVSS', [{ type: 'CVSS_V2', score: CVSS2 }], {}, 'high'],
    ['nothing else', [], {}, 'none'],
    ['an unknown word', [], { database_specific: { severity: 'DIRE' } }, 'none'],
  ])('goes from a score of 0 to %s', (_what, more, specific, rating) => {
    const zero = { type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N' };
    expect(severityOf({ severity: [zero, ...more], ...specific }).rating).toBe(rating);
  });

  it('is unknown where nobody has said', () => {
    expect(severityOf({})).toEqual({ rating: 'unknown', source: 'none' });
  });

  it('is critical for malware', () => {
    expect(advisory(osvRecord('MAL-1', entry)).severity).toEqual({ rating: 'critical', source: 'malware' });
  });
});

describe('a CVSS vector', () => {
  it.each([
    [CVSS3, 9.8],
    ['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 0],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P', 9.8],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 9.3],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U', 8.1],
    [CVSS2, 7.5],
  ])('%s scores %d', (vector, score) => {
    expect(scoreCvss(vector)).toMatchObject({ score });
  });

  it.each([
    ['lacks a metric', 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H'],
    ['has an unknown value', 'CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
    ['has a metric twice', `${CVSS3}/AV:P`],
    ['has an unknown metric', `${CVSS3}/QQ:P`],
    ['is of no known version', 'CVSS:5.0/AV:N'],
    ['is too long', `${CVSS3}/${'E:P/'.repeat(200)}`],
  ])('that %s has no score', (_, vector) => {
    expect(scoreCvss(vector)).toBeUndefined();
  });
});

describe('a record', () => {
  it.each([
    ['no object', 3],
    ['no id', { affected: [] }],
    ['an id that is no text', { id: 100, affected: [] }],
    ['affected that is no list', { id: 'X-1', affected: {} }],
    ['an id of 129 characters', { id: 'X'.repeat(129) }],
  ])('with %s cannot be read', (_, value) => {
    expect(parseOsvRecord(value)).toBeUndefined();
  });

  it('may have fields that a later schema adds', () => {
    expect(
      advisory(osvRecord('X-1', { ...entry, novel: 1 }, { schema_version: '9.0.0', novel: {} })).problems,
    ).toEqual([]);
  });

  it('may be about other ecosystems too', () => {
    const go = { package: { ecosystem: 'Go', name: 'x' }, ranges: [] };
    expect(advisory(osvRecord('X-1', [go, entry])).affected).toMatchObject([{ index: 1, ecosystem: 'npm' }]);
  });

  it('keeps what is wrong with a GIT range as a problem, and the rest of the record', () => {
    const ranges = [
      { type: 'GIT', events: [{ introduced: '0' }, { fixed: 'abc.patch' }] },
      { type: 'SEMVER', events: [{ introduced: '0' }] },
    ];
    const record = advisory(osvRecord('X-1', { package: { ecosystem: 'npm', name: 'a' }, ranges }));
    expect(record.problems).toHaveLength(1);
    expect(record.affected[0]).toMatchObject({ ranges: [{ index: 1, type: 'SEMVER' }] });
  });

  it('cannot reach a prototype', () => {
    const text =
      '{"id":"X-1","modified":"2026-01-01T00:00:00Z","__proto__":{"withdrawn":"2026"},"affected":[{"package":{"ecosystem":"npm","name":"__proto__"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}';
    expect(parseOsvRecord(JSON.parse(text))).toMatchObject({ affected: [{ name: '__proto__' }] });
    expect(parseOsvRecord(JSON.parse(text))?.withdrawn).toBeUndefined();
  });
});
