import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLockfile } from '../readers/read-lockfile.ts';
import { scanGraphs } from '../scan/scan.ts';
import { npmEntry, osvRecord, pypiEntry, recordsSource } from '../testing/osv.ts';
import type { OsvRecord } from '../testing/osv.ts';
import { cycloneDxFaults } from '../testing/report-schemas.ts';
import { sha512, writeProject } from '../testing/workspace.ts';
import { toCycloneDx } from './cyclonedx.ts';
import { compareReports } from './difference.ts';
import { toIssueText, toMarkdown, toPullRequestText } from './markdown.ts';
import { readOpenVex, toOpenVex } from './openvex.ts';
import { vexExcuse } from './vex-statement.ts';
import { toSarif } from './sarif.ts';

const LOCK = {
  lockfileVersion: 3,
  packages: {
    '': { dependencies: { up: '1.0.0', '@s/left': '1.0.0' } },
    'node_modules/up': { version: '1.0.0', integrity: sha512('up'), dependencies: { left: '^1.0.0' } },
    'node_modules/left': { version: '1.0.0', integrity: sha512('left') },
    'node_modules/@s/left': { version: '1.0.0' },
  },
};
const HOLE = osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', '1.5.0'), {
  aliases: ['CVE-2026-1'],
  summary: 'A hole | <img src=x> @everyone',
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
});
const SAME = osvRecord('PYSEC-9', npmEntry('left', 'introduced', '0'), { aliases: ['CVE-2026-1'] });

async function scan(records: readonly OsvRecord[], files: Readonly<Record<string, string | object>> = {}) {
  const all = { 'package-lock.json': LOCK, ...files };
  const root = await writeProject(all);
  const graphs = [];
  for (const path of Object.keys(all)) graphs.push(await readLockfile({ root, path }));
  const report = await scanGraphs(graphs, { advisories: recordsSource(records) });
  return { root, graphs, report };
}

interface Log {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
      readonly invocations: readonly object[];
      readonly results: readonly {
        readonly ruleId: string;
        readonly message: { readonly text: string };
        readonly locations: readonly { readonly physicalLocation: object }[];
        readonly partialFingerprints: object;
      }[];
    },
  ];
}

const asLog = (log: object): Log => log as Log;

describe('SARIF', () => {
  it('has one result for a vulnerability with three ids, at its line in the lock', async () => {
    const { report } = await scan([HOLE, SAME]);
    const [run] = asLog(toSarif({ report })).runs;
    expect(run.results).toHaveLength(1);
    const text = JSON.stringify(LOCK, null, 2).split('\n');
    const line = text.findIndex((one) => one.includes('"node_modules/left"')) + 1;
    expect(run.results[0]).toMatchObject({
      ruleId: 'GHSA-1',
      level: 'error',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'package-lock.json', uriBaseId: '%SRCROOT%' },
            region: { startLine: line },
          },
        },
      ],
      properties: { ids: ['CVE-2026-1', 'GHSA-1', 'PYSEC-9'] },
    });
    expect(run.results[0]!.message.text).toContain('up@1.0.0 > left@1.0.0');
    expect(run.tool.driver.rules).toMatchObject([
      { id: 'GHSA-1', properties: { 'security-severity': '9.8' } },
    ]);
  });

  it('keeps the fingerprint when the line moves, and changes it with the version', async () => {
    const print = async (lock: object) =>
      asLog(toSarif({ report: (await scan([HOLE], { 'package-lock.json': lock })).report })).runs[0]
        .results[0]!.partialFingerprints;
    const moved = { name: 'a', description: 'more lines', ...LOCK };
    const other = {
      ...LOCK,
      packages: { ...LOCK.packages, 'node_modules/left': { version: '1.0.1' } },
    };
    expect(await print(moved)).toEqual(await print(LOCK));
    expect(await print(other)).not.toEqual(await print(LOCK));
  });

  it('writes relative URIs with every character encoded that a URI cannot have', async () => {
    const { report } = await scan([HOLE], { 'a b/%41#?/package-lock.json': LOCK });
    const { locations } = asLog(toSarif({ report })).runs[0].results[0]!;
    expect(JSON.stringify(locations)).toContain('"a%20b/%2541%23%3F/package-lock.json"');
  });

  it('calls an incomplete scan an unsuccessful run', async () => {
    const { report } = await scan([], {
      'package-lock.json': { lockfileVersion: 3, packages: { '': { dependencies: { gone: '1' } } } },
    });
    expect(asLog(toSarif({ report })).runs[0].invocations).toMatchObject([
      { executionSuccessful: false, toolExecutionNotifications: [{ descriptor: { id: 'missing' } }] },
    ]);
  });

  it('keeps what an exception covers, as suppressed', async () => {
    const { report } = await scan([HOLE]);
    const excepted = new Map([[report.findings[0]!.id, 'not reached; ops; until 2026-12-01']]);
    expect(toSarif({ report, excepted }).runs).toMatchObject([
      {
        results: [
          { suppressions: [{ status: 'accepted', justification: 'not reached; ops; until 2026-12-01' }] },
        ],
      },
    ]);
  });

  it('tells violations of one rule in one file apart', () => {
    const violations = [4, 9].map((line) => ({
      rule: 'exact-pin' as const,
      package: 'left',
      file: 'package.json',
      line,
      message: 'expected one exact version',
    }));
    const { results } = asLog(toSarif({ violations })).runs[0];
    expect(new Set(results.map((one) => JSON.stringify(one.partialFingerprints))).size).toBe(2);
  });
});

describe('Markdown', () => {
  it('lets no advisory write HTML, a cell or a mention', async () => {
    const { report } = await scan([HOLE]);
    const issue = toIssueText(report.findings[0]!);
    for (const text of [toMarkdown(report), issue.body]) {
      expect(text).not.toContain('<img');
      expect(text).not.toContain('@everyone');
    }
    expect(toMarkdown(report)).toContain('Fixed in 1.5.0.');
    expect(issue.title).toContain('critical');
  });

  it('ends no code span inside of a name that has a backtick', async () => {
    const { report } = await scan([HOLE]);
    const finding = { ...report.findings[0]!, ids: ['GHSA-1', '`<b>|`'] };
    const row = toMarkdown({ ...report, findings: [finding] })
      .split('\n')
      .find((line) => line.includes('GHSA-1'))!;
    expect(row.split('|')).toHaveLength(8);
    expect(row).toContain("`'<b>¦'`");
  });

  it('shows what a pull request adds and resolves', async () => {
    const base = (await scan([HOLE])).report;
    const head = (await scan([osvRecord('GHSA-2', npmEntry('@s/left', 'introduced', '0'))])).report;
    expect(toPullRequestText(compareReports(base, head))).toMatch(/^1 resolved, 1 new, 0 unchanged/);
  });
});

describe('the difference of two reports', () => {
  it('is empty for the same hole in a newer version, and for one that got another first id', async () => {
    const newer = {
      ...LOCK,
      packages: { ...LOCK.packages, 'node_modules/left': { version: '1.1.0' } },
    };
    const base = (await scan([SAME])).report;
    const head = (await scan([HOLE, SAME], { 'package-lock.json': newer })).report;
    expect(compareReports(base, head)).toMatchObject({
      added: [],
      resolved: [],
      kept: [{ advisory: 'GHSA-1' }],
    });
  });

  it('has as new what could not be told before and now is affected, but not what stays as it was', async () => {
    const broken = osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', 'soon'), {
      aliases: ['CVE-2026-1'],
    });
    const [told, untold] = [(await scan([HOLE])).report, (await scan([broken])).report];
    expect(compareReports(untold, told)).toMatchObject({ added: [{ state: 'affected' }], kept: [] });
    expect(compareReports(untold, untold)).toMatchObject({ added: [], kept: [{}], resolved: [] });
    expect(compareReports(told, told)).toMatchObject({ added: [], kept: [{}], resolved: [] });
  });

  it('has a second copy of a known hole as new', async () => {
    const twice = {
      ...LOCK,
      packages: {
        ...LOCK.packages,
        'node_modules/up/node_modules/left': { version: '1.2.0' },
      },
    };
    const base = (await scan([HOLE])).report;
    const head = (await scan([HOLE], { 'package-lock.json': twice })).report;
    expect(compareReports(base, head)).toMatchObject({
      added: [{ version: '1.2.0' }],
      resolved: [],
      kept: [{ version: '1.0.0' }],
    });
  });
});

describe('CycloneDX', () => {
  it('is valid by the official schema, with components, edges and vulnerabilities', async () => {
    const { report, graphs } = await scan(
      [HOLE, SAME, osvRecord('PYSEC-1', pypiEntry('mxnet', 'introduced', '0', 'fixed', '1.9.1'))],
      { 'requirements.txt': `mxnet==1.9.0 --hash=sha256:${'a'.repeat(64)}\nnumpy>=1\n` },
    );
    const bom = toCycloneDx(graphs, report, new Map([[report.findings[0]!.id, 'accepted']]));
    expect(await cycloneDxFaults(bom)).toEqual([]);
    expect(bom).toMatchObject({
      components: [
        { purl: 'pkg:npm/up@1.0.0', hashes: [{ alg: 'SHA-512' }] },
        { purl: 'pkg:npm/left@1.0.0' },
        { purl: 'pkg:npm/%40s/left@1.0.0', group: '@s', name: 'left' },
        { purl: 'pkg:pypi/mxnet@1.9.0', hashes: [{ alg: 'SHA-256', content: 'a'.repeat(64) }] },
        { name: 'numpy' },
      ],
      dependencies: expect.arrayContaining([
        { ref: 'pkg:npm/up@1.0.0', dependsOn: ['pkg:npm/left@1.0.0'] },
      ]) as unknown,
    });
    const { vulnerabilities } = bom as { vulnerabilities: readonly object[] };
    expect(vulnerabilities).toHaveLength(2);
  });

  it('is the same document for the same locks', async () => {
    const [first, second] = [await scan([HOLE]), await scan([HOLE])];
    expect(toCycloneDx(first.graphs, first.report)).toEqual(toCycloneDx(second.graphs, second.report));
  });
});

describe('OpenVEX', () => {
  const document = (statement: object, more: object = {}) =>
    JSON.stringify({
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': 'https://example.com/vex',
      author: 'ops',
      timestamp: '2026-01-01T00:00:00Z',
      version: 1,
      statements: [
        { vulnerability: { name: 'CVE-2026-1' }, products: [{ '@id': 'pkg:npm/left@1.0.0' }], ...statement },
      ],
      ...more,
    });
  const NOT_AFFECTED = { status: 'not_affected', justification: 'vulnerable_code_not_present' };

  const excuse = (...documents: readonly string[]) => excuseIn([], ...documents);

  async function excuseIn(project: readonly string[], ...documents: readonly string[]) {
    const { root, report } = await scan([HOLE]);
    const statements = [];
    for (const [index, text] of documents.entries()) {
      await writeFile(join(root, `${index}.vex.json`), text);
      statements.push(...(await readOpenVex(join(root, `${index}.vex.json`))));
    }
    return vexExcuse(report.findings[0]!, statements, project);
  }

  it('excuses a finding by any of its ids, in its version or in all', async () => {
    expect(await excuse(document(NOT_AFFECTED))).toContain('ops');
    expect(await excuse(document({ ...NOT_AFFECTED, products: [{ '@id': 'pkg:npm/left' }] }))).toContain(
      'ops',
    );
  });

  it.each([
    ['pkg:oci/app', ['pkg:oci/app'], true],
    ['pkg:oci/app@1', ['pkg:oci/app@1'], true],
    ['pkg:oci/app@1', ['pkg:oci/app'], true],
    ['pkg:oci/app', ['pkg:oci/app@1'], true],
    ['pkg:oci/app@1?repository_url=a', ['pkg:oci/app?repository_url=a'], true],
    ['pkg:npm/@s/app@1', ['pkg:npm/x', 'pkg:npm/@s/app'], true],
    ['https://example.com/app', ['https://example.com/app'], true],
    ['pkg:oci/app', [], false],
    ['pkg:npm/other-vendor-app@9.9.9', ['pkg:oci/app'], false],
    ['pkg:oci/app@2', ['pkg:oci/app@1'], false],
    ['pkg:oci/app@1?repository_url=b', ['pkg:oci/app'], false],
    ['pkg:npm/@s/app@1', ['pkg:npm/'], false],
    ['https://example.com/app@1', ['https://example.com/app'], false],
  ])('about components of %s counts in the project %s: %s', async (product, project, counts) => {
    const subcomponents = [{ '@id': 'pkg:npm/left@1.0.0' }];
    const said = document({ ...NOT_AFFECTED, products: [{ '@id': product, subcomponents }] });
    expect((await excuseIn(project, said)) !== undefined).toBe(counts);
  });

  it('about another product takes nothing back', async () => {
    const foreign = document({
      ...{ status: 'affected', action_statement: 'update', timestamp: '2026-02-01T00:00:00Z' },
      products: [{ '@id': 'pkg:oci/other', subcomponents: [{ '@id': 'pkg:npm/left@1.0.0' }] }],
    });
    expect(await excuse(foreign, document(NOT_AFFECTED))).toContain('ops');
  });

  it('is of no time to come, beyond what a clock may be wrong', async () => {
    const at = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
    expect(await excuse(document({ ...NOT_AFFECTED, timestamp: at(0.9) }))).toContain('ops');
    expect(await excuse(document(NOT_AFFECTED, { timestamp: at(0.9) }))).toContain('ops');
    for (const text of [
      document({ ...NOT_AFFECTED, timestamp: at(1.1) }),
      document(NOT_AFFECTED, { timestamp: at(1.1) }),
    ]) {
      await expect(excuse(text)).rejects.toMatchObject({ code: 'ERR_DEP_POLICY' });
    }
  });

  it.each([
    ['another version', { products: [{ '@id': 'pkg:npm/left@1.0.1' }] }],
    ['another package', { products: [{ '@id': 'pkg:npm/%40s/left' }] }],
    ['no product', { products: [] }],
    ['another id', { vulnerability: { name: 'CVE-2026-2' } }],
    [
      'a subcomponent of it alone',
      { products: [{ '@id': 'pkg:npm/left@1.0.0', subcomponents: [{ '@id': 'pkg:npm/other@1.0.0' }] }] },
    ],
  ])('excuses nothing by a statement about %s', async (_what, change) => {
    expect(await excuse(document({ ...NOT_AFFECTED, ...change }))).toBeUndefined();
  });

  it('lets the later statement count', async () => {
    const later = document({
      status: 'affected',
      action_statement: 'update',
      timestamp: '2026-02-01T00:00:00Z',
    });
    expect(await excuse(later, document(NOT_AFFECTED))).toBeUndefined();
  });

  it('refuses not_affected without a reason, and other documents', async () => {
    for (const text of [document({ status: 'not_affected' }), document({}, { '@context': 'x' }), '{', '[]']) {
      await expect(excuse(text)).rejects.toMatchObject({ code: 'ERR_DEP_POLICY' });
    }
  });

  it('never excuses malware', async () => {
    const { root, report } = await scan([osvRecord('MAL-1', npmEntry('left', 'introduced', '0'))]);
    await writeFile(join(root, 'v.json'), document({ ...NOT_AFFECTED, vulnerability: { name: 'MAL-1' } }));
    expect(vexExcuse(report.findings[0]!, await readOpenVex(join(root, 'v.json')))).toBeUndefined();
  });

  it('can be read again as it was written', async () => {
    const { root, report } = await scan([HOLE, SAME]);
    await writeFile(join(root, 'v.json'), JSON.stringify(toOpenVex(report, { author: 'us' })));
    expect(await readOpenVex(join(root, 'v.json'))).toMatchObject([
      { status: 'affected', author: 'us', products: ['pkg:npm/left@1.0.0', 'pkg:npm/left@1.0.0'] },
    ]);
  });
});
