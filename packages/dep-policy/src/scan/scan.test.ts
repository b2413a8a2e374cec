import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { npmEntry, osvRecord, pypiEntry, recordsSource } from '../testing/osv.ts';
import type { OsvRecord } from '../testing/osv.ts';
import { writeProject } from '../testing/workspace.ts';
import { scanDependencies } from './scan.ts';
import type { ScanDependenciesOptions } from './scan.ts';

/** Packages of a lock of npm, by path. */
async function scanNpm(
  packages: object,
  records: readonly OsvRecord[],
  options: Partial<ScanDependenciesOptions> = {},
) {
  const root = await writeProject({ 'package-lock.json': { lockfileVersion: 3, packages } });
  return await scanDependencies({
    root,
    lockfiles: ['package-lock.json'],
    advisories: recordsSource(records),
    ...options,
  });
}

/** One direct dependency, `left@1.0.0`. */
const LEFT = { '': { dependencies: { left: '1' } }, 'node_modules/left': { version: '1.0.0' } };

async function scanPython(
  text: string,
  records: readonly OsvRecord[],
  options: Partial<ScanDependenciesOptions> = {},
) {
  const root = await writeProject({ 'requirements.txt': text });
  return await scanDependencies({
    root,
    lockfiles: ['requirements.txt'],
    advisories: recordsSource(records),
    ...options,
  });
}

describe('the stories of the packages in focus', () => {
  it('adm-zip: a hole beneath onnxruntime-node, whose fix the lock already allows nobody to reach', async () => {
    const report = await scanNpm(
      {
        '': { dependencies: { 'onnxruntime-node': '1.22.0' } },
        'node_modules/onnxruntime-node': { version: '1.22.0', dependencies: { 'adm-zip': '^0.5.16' } },
        'node_modules/adm-zip': { version: '0.5.16' },
      },
      [
        osvRecord('GHSA-xcpc-8h2w-3j85', npmEntry('adm-zip', 'introduced', '0', 'fixed', '0.6.0'), {
          aliases: ['CVE-2026-39244'],
          database_specific: { severity: 'HIGH' },
        }),
      ],
      { focus: ['onnxruntime'] },
    );
    expect(report).toMatchObject({
      verdict: 'fixable',
      exitCode: 1,
      counts: { packages: 2, clean: 1, affected: 1 },
    });
    expect(report.findings).toMatchObject([
      {
        id: 'GHSA-xcpc-8h2w-3j85:pkg:npm/adm-zip@0.5.16',
        ids: ['CVE-2026-39244', 'GHSA-xcpc-8h2w-3j85'],
        focus: ['onnxruntime'],
        isDirect: false,
        priority: 3,
        severity: { rating: 'high' },
        fix: { state: 'available', version: '0.6.0', isSameMajor: true },
        occurrences: [{ file: 'package-lock.json', line: 15, column: 5 }],
        paths: [{ root: '.', packages: ['onnxruntime-node@1.22.0', 'adm-zip@0.5.16'] }],
      },
    ]);
  });

  it('sharp: four holes of libvips in one record, ended by 0.35.0', async () => {
    const sharp = osvRecord('GHSA-f88m-g3jw-g9cj', npmEntry('sharp', 'introduced', '0', 'fixed', '0.35.0'), {
      related: ['CVE-2026-33327', 'CVE-2026-33328'],
    });
    const at = async (version: string) =>
      await scanNpm({ '': { dependencies: { sharp: version } }, 'node_modules/sharp': { version } }, [sharp]);
    expect((await at('0.34.5')).findings).toMatchObject([
      { ids: ['GHSA-f88m-g3jw-g9cj'], fix: { version: '0.35.0' } },
    ]);
    expect((await at('0.35.0-rc.1')).findings).toHaveLength(1);
    expect((await at('0.35.0')).exitCode).toBe(0);
  });

  it('mxnet: the last release has the last fix, and no fix will come for anything after', async () => {
    const known = osvRecord('GHSA-xxj3-55p6-xg3h', pypiEntry('mxnet', 'introduced', '0', 'fixed', '1.9.1'), {
      aliases: ['CVE-2022-24294'],
    });
    const old = await scanPython('gluoncv==0.10.5\nmxnet==1.9.0\n', [known], { focus: ['gluon-cv'] });
    expect(old).toMatchObject({
      exitCode: 1,
      findings: [{ fix: { state: 'available', version: '1.9.1' }, focus: ['gluon-cv'] }],
    });
    expect(old.findings[0]?.retired).toMatch(/Attic/);
    const later = osvRecord('GHSA-next', pypiEntry('mxnet', 'introduced', '0', 'last_affected', '1.9.1'));
    const last = await scanPython('mxnet==1.9.1+cu112\n', [known, later]);
    expect(last).toMatchObject({
      verdict: 'unfixable',
      exitCode: 2,
      findings: [{ advisory: 'GHSA-next', fix: { state: 'none-to-come' } }],
    });
  });
});

describe('a finding', () => {
  it('is one for all records that are the same vulnerability, with the worst of their severities', async () => {
    const { findings } = await scanNpm(LEFT, [
      osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', '1.5.0'), {
        aliases: ['CVE-1'],
        database_specific: { severity: 'LOW' },
      }),
      osvRecord('PYSEC-1', npmEntry('left', 'introduced', '9.0.0'), { aliases: ['CVE-2'] }),
      osvRecord('CVE-1', npmEntry('left', 'introduced', '0'), {
        aliases: ['CVE-2'],
        severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
      }),
    ]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      advisory: 'GHSA-1',
      ids: ['CVE-1', 'CVE-2', 'GHSA-1'],
      severity: { rating: 'critical', score: 9.8 },
    });
    expect(findings[0]?.evidence.map(({ record }) => record)).toEqual(['GHSA-1', 'CVE-1']);
  });

  it('has the severity that is given for its own package', async () => {
    const own = { ...npmEntry('left', 'introduced', '0'), database_specific: { severity: 'LOW' } };
    const { findings } = await scanNpm(LEFT, [
      osvRecord('X-1', own, { database_specific: { severity: 'CRITICAL' } }),
    ]);
    expect(findings[0]?.severity.rating).toBe('low');
    const zero = {
      ...npmEntry('left', 'introduced', '0'),
      severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N' }],
    };
    const scored = await scanNpm(LEFT, [
      osvRecord('X-1', zero, { database_specific: { severity: 'CRITICAL' } }),
    ]);
    expect(scored.findings[0]?.severity.rating).toBe('critical');
  });

  it('of malware asks to remove the package, before everything else', async () => {
    const { findings, exitCode } = await scanNpm(
      {
        ...LEFT,
        '': { dependencies: { left: '1' }, devDependencies: { evil: '1' } },
        'node_modules/evil': { version: '1.0.0' },
      },
      [
        osvRecord('X-1', npmEntry('left', 'introduced', '0'), {
          database_specific: { severity: 'CRITICAL' },
        }),
        osvRecord('MAL-1', { package: { ecosystem: 'npm', name: 'evil' }, versions: ['1.0.0'] }),
      ],
    );
    expect(findings).toMatchObject([
      { isMalware: true, priority: 1, scope: 'dev', fix: { state: 'remove' } },
      { priority: 2 },
    ]);
    expect(exitCode).toBe(1);
  });

  it('lists every place of a version, over several locks', async () => {
    const root = await writeProject({
      'package-lock.json': {
        lockfileVersion: 3,
        packages: { ...LEFT, 'node_modules/a/node_modules/left': { version: '1.0.0' } },
      },
      'sub/package-lock.json': { lockfileVersion: 3, packages: LEFT },
    });
    const { findings, files } = await scanDependencies({
      root,
      lockfiles: ['package-lock.json', 'sub/package-lock.json'],
      advisories: recordsSource([osvRecord('X-1', npmEntry('left', 'introduced', '0'))]),
    });
    expect(findings).toHaveLength(1);
    expect(findings[0]?.occurrences.map(({ file, key }) => `${file} ${key}`)).toEqual([
      'package-lock.json node_modules/left',
      'package-lock.json node_modules/a/node_modules/left',
      'sub/package-lock.json node_modules/left',
    ]);
    expect(files).toHaveLength(2);
  });

  it('is in a version that cannot be told, which is not clean', async () => {
    const report = await scanPython('left>=1.0\nright>=1.0\n', [
      osvRecord('X-1', pypiEntry('left', 'introduced', '0', 'fixed', '0.5')),
    ]);
    expect(report).toMatchObject({
      verdict: 'incomplete',
      exitCode: 3,
      counts: { clean: 1, affected: 0, unevaluable: 1 },
      findings: [{ state: 'unevaluable', fix: { state: 'unknown' } }],
    });
  });
});

describe('the order of work', () => {
  const levels = osvRecord('X-1', npmEntry('left', 'introduced', '0'), {
    aliases: ['CVE-2026-1'],
    database_specific: { severity: 'LOW' },
  });

  it('has known exploited vulnerabilities first, through aliases', async () => {
    const root = await writeProject({
      'kev.json': {
        vulnerabilities: [
          {
            cveID: 'CVE-2026-1',
            dateAdded: '2026-02-01',
            dueDate: '2026-02-22',
            knownRansomwareCampaignUse: 'Known',
          },
        ],
      },
    });
    const { findings } = await scanNpm(LEFT, [levels], { kev: join(root, 'kev.json') });
    expect(findings).toMatchObject([
      { priority: 1, kev: { cve: 'CVE-2026-1', added: '2026-02-01', isRansomware: true } },
    ]);
  });

  it.each([
    ['plain', (text: string) => Buffer.from(text)],
    ['gzipped', (text: string) => gzipSync(text)],
  ])('has likely exploited ones before what only sounds bad (%s)', async (_, pack) => {
    const root = await writeProject({});
    const epss = join(root, 'epss.csv');
    await writeFile(
      epss,
      pack('#model_version:v2026\ncve,epss,percentile\nCVE-2026-1,0.91,0.99\nCVE-2026-2,oops,1\n'),
    );
    const { findings } = await scanNpm(LEFT, [levels], { epss });
    expect(findings).toMatchObject([{ priority: 3, epss: { probability: 0.91, percentile: 0.99 } }]);
  });

  it.each([
    ['kev', '{}'],
    ['kev', 'oops'],
    ['epss', 'cve,percentile\n'],
    ['epss', ''],
    ['epss', 'cve,epss,percentile\nCVE-2026-1,2,0.5\n'],
  ])('cannot be made from %s data that reads %j', async (kind, text) => {
    const root = await writeProject({ data: text });
    await expect(scanNpm(LEFT, [levels], { [kind]: join(root, 'data') })).rejects.toMatchObject({
      code: 'ERR_DEP_ADVISORIES',
    });
  });

  it('goes by scope and severity, and unknown severity counts as high', async () => {
    const names = ['critical', 'high', 'unknown', 'medium', 'low'];
    const packages: Record<string, object> = {
      '': {
        dependencies: Object.fromEntries(names.map((name) => [name, '1'])),
        devDependencies: Object.fromEntries(names.map((name) => [`dev-${name}`, '1'])),
      },
    };
    const records = [];
    for (const name of [...names, ...names.map((one) => `dev-${one}`)]) {
      packages[`node_modules/${name}`] = { version: '1.0.0' };
      const severity = name.replace('dev-', '').toUpperCase();
      records.push(
        osvRecord(`X-${name}`, npmEntry(name, 'introduced', '0'), { database_specific: { severity } }),
      );
    }
    const { findings } = await scanNpm(packages, records);
    expect(findings.map((finding) => `${finding.priority} ${finding.package}`)).toEqual([
      '2 critical',
      '3 high',
      '3 unknown',
      '4 medium',
      '4 dev-critical',
      '4 dev-high',
      '4 dev-unknown',
      '5 low',
      '5 dev-medium',
      '5 dev-low',
    ]);
  });
});

describe('a verdict', () => {
  const fixable = osvRecord('X-1', npmEntry('left', 'introduced', '0', 'fixed', '2.0.0'));
  const unfixable = osvRecord('X-2', npmEntry('right', 'introduced', '0'));
  const both = {
    ...LEFT,
    '': { dependencies: { left: '1', right: '1' } },
    'node_modules/right': { version: '1.0.0' },
  };

  it('is clean without findings', async () => {
    expect(await scanNpm(both, [])).toMatchObject({
      verdict: 'clean',
      exitCode: 0,
      findings: [],
      incomplete: [],
    });
  });

  it('is fixable as soon as one finding is', async () => {
    expect(await scanNpm(both, [fixable, unfixable])).toMatchObject({ verdict: 'fixable', exitCode: 1 });
    expect(await scanNpm(both, [unfixable])).toMatchObject({ verdict: 'unfixable', exitCode: 2 });
  });

  it('counts only the findings that break the policy, and shows all', async () => {
    const report = await scanNpm(both, [fixable, unfixable], {
      isFailure: ({ package: name }) => name === 'right',
    });
    expect(report).toMatchObject({ exitCode: 2 });
    expect(report.findings).toHaveLength(2);
  });

  it('is incomplete with advisories that are a little too old, and not with those of seven days', async () => {
    const now = new Date('2026-06-08T00:00:00Z');
    const aged = async (asOf: string, maxAgeInDays?: number) =>
      await scanNpm(LEFT, [], { advisories: recordsSource([fixable], new Date(asOf)), now, maxAgeInDays });
    expect((await aged('2026-06-01T00:00:00Z')).exitCode).toBe(1);
    expect(await aged('2026-05-31T23:00:00Z')).toMatchObject({
      exitCode: 3,
      incomplete: [{ kind: 'stale' }],
      findings: [{}],
    });
    expect((await aged('2026-05-01T00:00:00Z', 40)).exitCode).toBe(1);
    expect(await aged('2026-06-10T00:00:00Z')).toMatchObject({
      exitCode: 3,
      incomplete: [{ kind: 'stale' }],
    });
  });

  it('is incomplete with records that could not be read', async () => {
    const source = recordsSource([]);
    const advisories = { ...source, description: { ...source.description, rejected: 1 } };
    expect(await scanNpm(LEFT, [], { advisories })).toMatchObject({
      exitCode: 3,
      incomplete: [{ kind: 'rejected' }],
    });
  });

  it('is incomplete with a lock that lacks a package', async () => {
    expect(await scanNpm({ '': { dependencies: { gone: '1' } } }, [])).toMatchObject({
      exitCode: 3,
      incomplete: [{ kind: 'missing' }],
    });
  });
});
