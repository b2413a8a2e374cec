import { describe, expect, it } from 'vitest';
import { openAdvisories } from '../advisories/open-advisories.ts';
import type { AdvisorySource } from '../advisories/advisory-source.ts';
import { checkLocks } from '../check-locks.ts';
import { defaultPolicy } from '../policy-file/default-policy.ts';
import { readLockfile } from '../readers/read-lockfile.ts';
import { scanGraphs } from '../scan/scan.ts';
import { eventsOf, npmEntry, osvRecord, pypiEntry, recordsSource } from '../testing/osv.ts';
import { cycloneDxFaults, openVexFaults, sarifFaults } from '../testing/report-schemas.ts';
import { NO_OSV_VECTORS, OSV_VECTORS } from '../testing/shared-vectors.ts';
import { sha512, writeProject } from '../testing/workspace.ts';
import { toCycloneDx } from './cyclonedx.ts';
import { toOpenVex } from './openvex.ts';
import { toSarif } from './sarif.ts';

type Files = Readonly<Record<string, string | object>>;

/** Every report of a project, of which the first finding is accepted. */
async function reportsOf(files: Files, advisories: AdvisorySource) {
  const root = await writeProject(files);
  const lockfiles = Object.keys(files).filter((path) => !path.endsWith('package.json'));
  const graphs = [];
  for (const path of lockfiles) graphs.push(await readLockfile({ root, path }));
  const report = await scanGraphs(graphs, { advisories });
  const { violations } = await checkLocks({ root, lockfiles, policy: defaultPolicy() });
  const [first] = report.findings;
  const excepted = new Map(first === undefined ? [] : [[first.id, 'not reached; ops; until 2026-12-01']]);
  return {
    report,
    violations,
    sarif: toSarif({ report, violations, excepted }),
    cycloneDx: toCycloneDx(graphs, report, excepted),
    openVex: toOpenVex(report, { author: 'ops <ops@example.com>', excepted }),
  };
}

const VECTORS = {
  CVSS_V2: 'AV:N/AC:L/Au:N/C:P/I:P/A:P',
  CVSS_V3: 'CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
  CVSS_V4: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N',
};

/** One of everything that a report can hold, written by strangers. */
const MIXED: Files = {
  'package.json': { dependencies: { up: '^1.0.0', 'häß lich"\\': '1' } },
  'package-lock.json': {
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { up: '^1.0.0', gone: '1', git: '1' } },
      'node_modules/up': { version: '1.0.0', integrity: sha512('up'), dependencies: { '@s/left': '1' } },
      'node_modules/@s/left': { version: '1.0.0', integrity: 'sha1-abc', dev: true },
      'node_modules/h\u00E4\u00DF lich"\\': { version: '1.0.0+build', resolved: 'http://x.test/a b.tgz' },
      'node_modules/git': { version: '1.0.0', resolved: 'git+ssh://git@github.com/a/b.git#0123' },
      'node_modules/evil': { version: '6.6.6' },
    },
  },
  'a b/%41#?/package-lock.json': {
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { up: '1.0.0' } },
      'node_modules/up': { version: '1.0.0', integrity: sha512('other') },
    },
  },
  'requirements.txt': 'mxnet==1.9.0+cu112\nnumpy>=1\nleft @ https://x.test/left-1.0-py3-none-any.whl\n',
};
const MIXED_RECORDS = [
  ...Object.entries(VECTORS).map(([type, score], index) =>
    osvRecord(`GHSA-${index}`, npmEntry('up', 'introduced', '0', 'fixed', `${index + 2}.0.0`), {
      severity: [{ type, score }],
      aliases: [`CVE-2026-${index}`, `CVE-2026-${index}`],
      summary: 'A "hole" \u{1B}[31m <b>|`\uD800',
    }),
  ),
  osvRecord('an id/with % signs', npmEntry('@s/left', 'introduced', '0', 'last_affected', '1.0.0')),
  osvRecord('MAL-1', { package: { ecosystem: 'npm', name: 'evil' }, versions: ['6.6.6'] }),
  osvRecord('GHSA-broken', {
    package: { ecosystem: 'npm', name: 'git' },
    ranges: [{ type: 'SEMVER', events: eventsOf(['introduced', 'not a version']) }],
  }),
  osvRecord('GHSA-odd', npmEntry('h\u00E4\u00DF lich"\\', 'introduced', '0')),
  osvRecord('PYSEC-1', pypiEntry('mxnet', 'introduced', '0', 'fixed', '1.9.1')),
  osvRecord('PYSEC-2', pypiEntry('numpy', 'introduced', '0', 'fixed', '2')),
  osvRecord('PYSEC-3', pypiEntry('left', 'introduced', '0')),
];

describe('reports with one of everything', () => {
  it('have every state and kind of finding in them', async () => {
    const { report, violations } = await reportsOf(MIXED, recordsSource(MIXED_RECORDS));
    const has = (isOne: (finding: (typeof report.findings)[number]) => boolean): boolean =>
      report.findings.some(isOne);
    expect(has(({ isMalware }) => isMalware)).toBe(true);
    expect(has(({ state }) => state === 'unevaluable')).toBe(true);
    expect(has(({ version }) => version === undefined)).toBe(true);
    expect(has(({ occurrences }) => occurrences.length === 2)).toBe(true);
    expect(new Set(report.findings.map(({ severity }) => severity.source))).toEqual(
      new Set(['cvss-2', 'cvss-3', 'cvss-4', 'malware', 'none']),
    );
    expect(report.incomplete).not.toEqual([]);
    expect(new Set(violations.map(({ rule }) => rule)).size).toBeGreaterThan(4);
  });

  it('are valid SARIF 2.1.0, CycloneDX 1.6 and OpenVEX 0.2.0', async () => {
    const { sarif, cycloneDx, openVex } = await reportsOf(MIXED, recordsSource(MIXED_RECORDS));
    expect(await sarifFaults(sarif)).toEqual([]);
    expect(await cycloneDxFaults(cycloneDx)).toEqual([]);
    expect(openVexFaults(openVex)).toEqual([]);
  });

  it('name every reference of a bill of materials once, and refer to none that is not there', async () => {
    const { cycloneDx } = await reportsOf(MIXED, recordsSource(MIXED_RECORDS));
    const { components, dependencies, vulnerabilities } = cycloneDx as Record<
      'components' | 'dependencies' | 'vulnerabilities',
      readonly {
        readonly 'bom-ref': string;
        readonly ref: string;
        readonly dependsOn?: readonly string[];
        readonly affects: readonly { readonly ref: string }[];
      }[]
    >;
    const references = [...components, ...vulnerabilities].map((one) => one['bom-ref']);
    expect(new Set(references).size).toBe(references.length);
    const known = new Set(components.map((one) => one['bom-ref']));
    for (const { ref, dependsOn = [] } of dependencies)
      for (const one of [ref, ...dependsOn]) expect(known).toContain(one);
    for (const { affects } of vulnerabilities) for (const { ref } of affects) expect(known).toContain(ref);
  });
});

describe('reports of a project without findings', () => {
  it('are valid SARIF and CycloneDX, and an OpenVEX document that says nothing', async () => {
    const { sarif, cycloneDx, openVex } = await reportsOf(
      { 'package-lock.json': { lockfileVersion: 3, packages: { '': {} } } },
      recordsSource([]),
    );
    expect(await sarifFaults(sarif)).toEqual([]);
    expect(await cycloneDxFaults(cycloneDx)).toEqual([]);
    // The schema asks for one statement at least, and there is none to be made.
    expect(openVexFaults(openVex)).toMatchObject([{ path: ['statements'] }]);
  });
});

describe.skipIf(NO_OSV_VECTORS !== undefined)(
  `reports of real advisories${NO_OSV_VECTORS === undefined ? '' : ` (${NO_OSV_VECTORS})`}`,
  () => {
    it('are valid SARIF 2.1.0, CycloneDX 1.6 and OpenVEX 0.2.0', async () => {
      const advisories = await openAdvisories(OSV_VECTORS);
      try {
        const locked = { minimist: '0.0.8', sharp: '0.32.0', 'adm-zip': '0.5.16', lodash: '4.17.10' };
        const packages = Object.fromEntries(
          Object.entries(locked).map(([name, version]) => [
            `node_modules/${name}`,
            { version, integrity: sha512(name) },
          ]),
        );
        const { report, sarif, cycloneDx, openVex } = await reportsOf(
          {
            'package-lock.json': {
              lockfileVersion: 3,
              packages: { '': { dependencies: locked }, ...packages },
            },
            'requirements.txt':
              'pillow==5.0.0\nmxnet==1.9.0\nnumpy==1.16.0\nrequests==2.5.0\nurllib3==1.24\nonnx==1.10.0\n',
          },
          advisories,
        );
        expect(report.findings.length).toBeGreaterThan(40);
        expect(await sarifFaults(sarif)).toEqual([]);
        expect(await cycloneDxFaults(cycloneDx)).toEqual([]);
        expect(openVexFaults(openVex)).toEqual([]);
      } finally {
        await advisories.close();
      }
    }, 60_000);
  },
);

describe('the schemas', () => {
  it('refuse a document with one thing wrong in it', async () => {
    const { sarif, cycloneDx, openVex } = await reportsOf(MIXED, recordsSource(MIXED_RECORDS));
    const broken = JSON.parse(JSON.stringify(sarif)) as { runs: [{ results: { level: string }[] }] };
    broken.runs[0].results[0]!.level = 'fatal';
    expect(await sarifFaults(broken)).not.toEqual([]);
    expect(await cycloneDxFaults({ ...cycloneDx, specVersion: 1.6 })).not.toEqual([]);
    expect(openVexFaults({ ...openVex, notes: 'more' })).not.toEqual([]);
  });
});
