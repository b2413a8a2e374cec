// What other tools are known to get wrong, as cases with one right answer each. A test asserts that this package gives
// it; `npm run bench -- rivals` asks the others the same.
import { createHash } from 'node:crypto';

/** Advisories, a lock of npm, and what a scan has to say of them. */
export interface ScanCase {
  readonly name: string;
  /** Name to version, each locked at the top of a package-lock. */
  readonly locked: Readonly<Record<string, string>>;
  readonly records: readonly object[];
  readonly expected: {
    readonly findings: number;
    /** Rating of the one finding. */
    readonly rating?: string;
    /** Whether the SARIF result has to be at the package's own line of the lock. */
    readonly hasLine?: boolean;
  };
}

const PURL = { ecosystem: 'npm', name: 'left', purl: 'pkg:npm/left' };

function record(id: string, affected: object, more: object = {}): object {
  const entry = { package: PURL, ...affected };
  return { schema_version: '1.7.3', id, modified: '2026-01-01T00:00:00Z', affected: [entry], ...more };
}

function events(...list: readonly object[]): object {
  return { ranges: [{ type: 'SEMVER', events: list }] };
}

const ALL = events({ introduced: '0' });

function scanCase(
  name: string,
  version: string,
  records: readonly object[],
  expected: ScanCase['expected'],
): ScanCase {
  return { name, locked: { left: version }, records, expected };
}

const TWO_RANGES = events(
  { introduced: '2.0.0' },
  { fixed: '1.0.0' },
  { fixed: '2.1.0' },
  { introduced: '0' },
);
const VERSIONS_ONLY = record('MAL-2026-1', { versions: ['1.0.0'] });

export const SCAN_CASES: readonly ScanCase[] = [
  scanCase('malware that lists versions and no range', '1.0.0', [VERSIONS_ONLY], { findings: 1 }),
  scanCase('a version that such malware does not list', '1.0.1', [VERSIONS_ONLY], { findings: 0 }),
  scanCase('events out of order, between two ranges', '1.5.0', [record('GHSA-1', TWO_RANGES)], {
    findings: 0,
  }),
  scanCase('events out of order, inside of the first', '0.5.0', [record('GHSA-1', TWO_RANGES)], {
    findings: 1,
  }),
  scanCase('events out of order, inside of the second', '2.0.5', [record('GHSA-1', TWO_RANGES)], {
    findings: 1,
  }),
  scanCase(
    'a version beyond the limit',
    '1.6.0',
    [record('GHSA-1', events({ introduced: '0' }, { limit: '1.5.0' }))],
    {
      findings: 0,
    },
  ),
  scanCase(
    'a version below the limit',
    '1.4.9',
    [record('GHSA-1', events({ introduced: '0' }, { limit: '1.5.0' }))],
    { findings: 1 },
  ),
  scanCase(
    'a pre-release before the hole came in',
    '1.2.0-beta',
    [record('GHSA-1', events({ introduced: '1.2.0' }, { fixed: '1.3.0' }))],
    { findings: 0 },
  ),
  scanCase(
    'a pre-release before the fix',
    '1.3.0-rc.1',
    [record('GHSA-1', events({ introduced: '1.2.0' }, { fixed: '1.3.0' }))],
    { findings: 1 },
  ),
  scanCase(
    'the last affected version',
    '1.3.0',
    [record('GHSA-1', events({ introduced: '0' }, { last_affected: '1.3.0' }))],
    { findings: 1 },
  ),
  scanCase(
    'the version after the last affected one',
    '1.3.1',
    [record('GHSA-1', events({ introduced: '0' }, { last_affected: '1.3.0' }))],
    { findings: 0 },
  ),
  scanCase(
    'a record that was withdrawn',
    '1.0.0',
    [record('GHSA-1', ALL, { withdrawn: '2026-02-01T00:00:00Z' })],
    {
      findings: 0,
    },
  ),
  scanCase(
    'a range of commits before the range of versions',
    '1.0.0',
    [
      record('GHSA-1', {
        ranges: [
          { type: 'GIT', repo: 'https://x.test/a.git', events: [{ introduced: '0' }, { fixed: 'abcd' }] },
          { type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.5.0' }] },
        ],
      }),
    ],
    { findings: 1 },
  ),
  scanCase(
    'a range that one entry of two has',
    '0.2.0',
    [
      {
        ...record('GHSA-1', events({ introduced: '1.0.0' }, { fixed: '1.2.6' })),
        affected: [
          { package: PURL, ...events({ introduced: '1.0.0' }, { fixed: '1.2.6' }) },
          { package: PURL, ...events({ introduced: '0' }, { fixed: '0.2.4' }) },
        ],
      },
    ],
    { findings: 1 },
  ),
  scanCase(
    'a record without a purl',
    '1.0.0',
    [record('GHSA-1', { ...ALL, package: { ecosystem: 'npm', name: 'left' } })],
    {
      findings: 1,
    },
  ),
  scanCase(
    'a severity that only a vector says',
    '1.0.0',
    [
      record('GHSA-1', ALL, {
        severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
      }),
    ],
    { findings: 1, rating: 'critical' },
  ),
  scanCase(
    'a severity that only a vector of CVSS 4 says',
    '1.0.0',
    [
      record('GHSA-1', ALL, {
        severity: [
          { type: 'CVSS_V4', score: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N' },
        ],
      }),
    ],
    { findings: 1, rating: 'critical' },
  ),
  scanCase(
    'one hole in two databases',
    '1.0.0',
    [record('GHSA-1', ALL, { aliases: ['CVE-2026-1'] }), record('CVE-2026-1', ALL, { aliases: ['GHSA-1'] })],
    { findings: 1 },
  ),
  scanCase(
    'one hole through aliases of aliases',
    '1.0.0',
    [
      record('GHSA-A', ALL, { aliases: ['CVE-2026-4'] }),
      record('GHSA-B', ALL, { aliases: ['CVE-2026-3'] }),
      record('GHSA-C', ALL, { aliases: ['CVE-2026-3', 'CVE-2026-4'] }),
    ],
    { findings: 1 },
  ),
  scanCase(
    'two holes that are only related',
    '1.0.0',
    [record('GHSA-A', ALL, { related: ['GHSA-B'] }), record('GHSA-B', ALL)],
    { findings: 2 },
  ),
  {
    name: 'the line of the lock, for code scanning',
    locked: { above: '1.0.0', left: '1.0.0' },
    records: [record('GHSA-1', ALL)],
    expected: { findings: 1, hasLine: true },
  },
];

/** The lock of a case, and its manifest. */
export function filesOf({ locked }: Pick<ScanCase, 'locked'>): Readonly<Record<string, object>> {
  const packages = Object.entries(locked).map(([name, version]) => [
    `node_modules/${name}`,
    entryOf(name, version),
  ]);
  return {
    'package.json': { name: 'app', version: '1.0.0', dependencies: locked },
    'package-lock.json': {
      name: 'app',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': { name: 'app', version: '1.0.0', dependencies: locked },
        ...(Object.fromEntries(packages) as object),
      },
    },
  };
}

interface LockEntry {
  readonly version: string;
  readonly resolved?: string | undefined;
  readonly integrity?: string | undefined;
}

/** An entry as npm writes it. */
function entryOf(name: string, version: string): LockEntry {
  return {
    version,
    resolved: `https://registry.npmjs.org/${name}/-/${name}-${version}.tgz`,
    integrity: `sha512-${createHash('sha512').update(name).digest('base64')}`,
  };
}

const LEFT = entryOf('left', '1.2.3');
const URL_TEXT = LEFT.resolved!;

/** One entry of a package-lock, and whether a lint may pass it. */
export interface LintCase {
  readonly name: string;
  readonly entry: LockEntry;
  readonly isClean: boolean;
}

export const LINT_CASES: readonly LintCase[] = [
  { name: 'an entry as npm writes it', entry: LEFT, isClean: true },
  ...Object.entries({
    'no integrity': { ...LEFT, integrity: undefined },
    'an integrity that is cut off': { ...LEFT, integrity: 'sha512-abc' },
    'no URL': { ...LEFT, resolved: undefined },
    'the URL of another version': { ...LEFT, resolved: URL_TEXT.replaceAll('1.2.3', '1.2.4') },
    'the URL of another package': { ...LEFT, resolved: URL_TEXT.replaceAll('left', 'right') },
    http: { ...LEFT, resolved: URL_TEXT.replace('https', 'http') },
    'another host': { ...LEFT, resolved: URL_TEXT.replace('npmjs.org', 'npmjs.org.evil.test') },
    'the host as user info of another': {
      ...LEFT,
      resolved: URL_TEXT.replace('//', '//registry.npmjs.org@evil.test/'),
    },
    'a repository': { ...LEFT, resolved: `git+ssh://git@github.com/left/left.git#${'a'.repeat(40)}` },
    sha1: { ...LEFT, integrity: `sha1-${Buffer.alloc(20).toString('base64')}` },
    'md5 beside sha512': {
      ...LEFT,
      integrity: `${LEFT.integrity!} md5-${Buffer.alloc(16).toString('base64')}`,
    },
  }).map(([name, entry]) => ({ name, entry, isClean: false })),
];

/** The lock of a case of the lint, and its manifest. */
export function lintFilesOf({ entry }: LintCase): Readonly<Record<string, object>> {
  const dependencies = { left: entry.version };
  return {
    'package.json': { name: 'lint', dependencies },
    'package-lock.json': {
      name: 'lint',
      lockfileVersion: 3,
      packages: { '': { name: 'lint', dependencies }, 'node_modules/left': entry },
    },
  };
}
