import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { satisfies } from 'semver';
import { describe, expect, it } from 'vitest';
import { normalizeName } from '../ecosystem.ts';
import { NO_OSV_VECTORS, OSV_VECTORS } from '../testing/shared-vectors.ts';
import { compareVersions } from '../versions/version-order.ts';
import { matchAdvisory } from './match.ts';
import { npmRangeEvents } from './npm-range.ts';
import { parseOsvRecord } from './osv-record.ts';
import { prepareRange, rangeIncludes } from './range.ts';
import { versionOrder } from '../versions/version-order.ts';

type Json = Readonly<Record<string, unknown>>;

interface RawEntry {
  readonly package: { readonly name: string; readonly ecosystem: string };
  readonly versions?: readonly string[];
  readonly ranges?: readonly {
    readonly type: string;
    readonly events: readonly Readonly<Record<string, string>>[];
  }[];
}

const pysec = (): Json[] =>
  readFileSync(join(OSV_VECTORS, 'pysec.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);

const folder = (name: string): Json[] =>
  readdirSync(join(OSV_VECTORS, name))
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(OSV_VECTORS, name, file), 'utf8')) as Json);

describe.skipIf(NO_OSV_VECTORS)(
  `published records${NO_OSV_VECTORS === undefined ? '' : ` (${NO_OSV_VECTORS})`}`,
  () => {
    it('are all read, and the one that the schema rejects is reported', () => {
      const records = [...pysec(), ...folder('ghsa'), ...folder('constructed')].map((record) =>
        parseOsvRecord(record)!,
      );
      expect(records).toHaveLength(180);
      expect(
        records.filter(({ problems }) => problems.some((text) => text.includes('GIT'))).map(({ id }) => id),
      ).toEqual(['PYSEC-2021-371']);
    });

    it('of PyPA include every version that they list', () => {
      let asked = 0;
      for (const record of pysec()) {
        const advisory = parseOsvRecord(record)!;
        if (advisory.withdrawn !== undefined) continue;
        for (const { package: owner, versions = [] } of record['affected'] as RawEntry[]) {
          for (const version of versions) {
            asked += 1;
            const subject = { ecosystem: 'PyPI', name: normalizeName('PyPI', owner.name), version } as const;
            expect(matchAdvisory(subject, advisory).state, `${advisory.id} ${version}`).toBe('affected');
          }
        }
      }
      expect(asked).toBeGreaterThan(1000);
    });

    it('that begin with a GIT range include what comes below their first fix', () => {
      let asked = 0;
      for (const record of pysec()) {
        const advisory = parseOsvRecord(record)!;
        for (const { package: owner, versions, ranges = [] } of record['affected'] as RawEntry[]) {
          const events = ranges.find(({ type }) => type === 'ECOSYSTEM')?.events ?? [];
          const fix = events.find(({ fixed }) => fixed !== undefined)?.['fixed'];
          const from = events.find(({ introduced }) => introduced !== undefined)?.['introduced'];
          if (ranges[0]?.type !== 'GIT' || versions !== undefined || fix === undefined) continue;
          asked += 1;
          const state = (version: string) =>
            matchAdvisory({ ecosystem: 'PyPI', name: normalizeName('PyPI', owner.name), version }, advisory)
              .state;
          // Fixed in something that is no version: it can never be told.
          const isVersion = compareVersions('PyPI', fix, fix) === 0;
          expect(state(from === undefined || from === '0' ? '0.0.0.dev0' : from), advisory.id).toBe(
            isVersion ? 'affected' : 'unevaluable',
          );
          expect(state(fix), advisory.id).toBe(isVersion ? 'unaffected' : 'unevaluable');
        }
      }
      expect(asked).toBeGreaterThan(10);
    });

    it('that were withdrawn match none of the versions they list', () => {
      const withdrawn = [...pysec(), ...folder('constructed')].filter(
        (record) => record['withdrawn'] !== undefined,
      );
      expect(withdrawn.length).toBeGreaterThan(9);
      for (const record of withdrawn) {
        const advisory = parseOsvRecord(record)!;
        for (const { ecosystem, name, versions } of advisory.affected) {
          for (const version of [...versions, '0.0.1'])
            expect(matchAdvisory({ ecosystem, name, version }, advisory).state).toBe('unaffected');
        }
      }
    });

    it('of GitHub are matched entry by entry', () => {
      const byId = new Map(folder('ghsa').map((record) => [record['id'], parseOsvRecord(record)!]));
      const state = (id: string, ecosystem: 'npm' | 'PyPI', name: string, version: string) =>
        matchAdvisory({ ecosystem, name, version }, byId.get(id)!).state;
      expect(state('GHSA-xvch-5gv4-984h', 'npm', 'minimist', '0.2.3')).toBe('affected');
      expect(state('GHSA-xvch-5gv4-984h', 'npm', 'minimist', '1.2.6')).toBe('unaffected');
      expect(state('GHSA-xxj3-55p6-xg3h', 'PyPI', 'mxnet', '1.9.1')).toBe('unaffected');
      expect(state('GHSA-xxj3-55p6-xg3h', 'PyPI', 'mxnet', '1.9.1rc0')).toBe('affected');
      expect(state('GHSA-h755-8qp9-cq85', 'npm', 'protobufjs', '7.2.3')).toBe('unevaluable');
      expect(state('GHSA-j7hp-h8jx-5ppr', 'PyPI', 'pillow', '10.0.0')).toBe('affected');
      expect(state('GHSA-j7hp-h8jx-5ppr', 'npm', 'electron', '27.0.0-beta.1')).toBe('affected');
    });

    it('of malware count, also with versions alone', () => {
      for (const record of folder('constructed').filter(({ id }) => String(id).startsWith('MAL-'))) {
        const advisory = parseOsvRecord(record)!;
        for (const { ecosystem, name, versions } of advisory.affected) {
          for (const version of versions) {
            expect(matchAdvisory({ ecosystem, name, version }, advisory).state).toBe(
              advisory.withdrawn === undefined ? 'affected' : 'unaffected',
            );
          }
        }
      }
    });

    it('of Node.js, as ranges of npm, include the releases that npm itself says they do', () => {
      const ranges = folder('security-wg').map((record) => String(record['vulnerable_versions']));
      const releases = [
        '0.0.1',
        '0.1.0',
        '0.9.9',
        '1.0.0',
        '1.2.3',
        '2.0.0',
        '2.1.1',
        '3.0.0',
        '4.17.4',
        '5.0.0',
        '10.2.0',
        '99.0.0',
      ];
      const order = versionOrder('npm');
      let asked = 0;
      for (const text of ranges) {
        const parts = npmRangeEvents(text);
        if (parts === undefined) continue;
        const prepared = parts.map((events, index) =>
          prepareRange('npm', { index, type: 'SEMVER', events })!,
        );
        for (const release of releases) {
          asked += 1;
          const isIncluded = prepared.some((range) => rangeIncludes('npm', range, order.parse(release)!));
          expect(isIncluded, `${release} in ${text}`).toBe(satisfies(release, text, { loose: true }));
        }
      }
      expect(asked).toBeGreaterThan(60 * releases.length);
    });
  },
);
