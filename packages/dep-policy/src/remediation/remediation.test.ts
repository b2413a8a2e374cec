import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { satisfies } from 'semver';
import { describe, expect, it } from 'vitest';
import { npmBulk } from '../advisories/npm-bulk.ts';
import { readLockfile } from '../readers/read-lockfile.ts';
import { knownReleases } from '../registry-data/package-releases.ts';
import type { Release } from '../registry-data/package-releases.ts';
import { registryReleases } from '../registry-data/registry-releases.ts';
import { scanGraphs } from '../scan/scan.ts';
import { npmEntry, osvRecord, pypiEntry, recordsSource } from '../testing/osv.ts';
import type { OsvRecord } from '../testing/osv.ts';
import { sendJson, startService } from '../testing/service.ts';
import { writeProject } from '../testing/workspace.ts';
import { planRemediation } from './remediation-plan.ts';
import { writeRemediation } from './remediation-writer.ts';

function release(
  version: string,
  dependencies: Readonly<Record<string, string>> = {},
  more: Partial<Release> = {},
): Release {
  return { version, dependencies, isRetracted: false, hasInstallScript: false, ...more };
}

/** `up` needs `left`. */
function lock(up = '^1.0.0', left = '1.0.0'): object {
  return {
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { up: '1.0.0' } },
      'node_modules/up': { version: '1.0.0', dependencies: { left: up } },
      'node_modules/left': { version: left },
    },
  };
}

async function plan(
  files: Readonly<Record<string, string | object>>,
  records: readonly OsvRecord[],
  npm: Readonly<Record<string, readonly Release[]>>,
  PyPI: Readonly<Record<string, readonly Release[]>> = {},
) {
  const root = await writeProject(files);
  const graphs = [];
  for (const path of Object.keys(files)) {
    if (path !== 'package.json') graphs.push(await readLockfile({ root, path }));
  }
  const advisories = recordsSource(records);
  const { findings } = await scanGraphs(graphs, { advisories });
  const plans = await planRemediation({
    graphs,
    findings,
    advisories,
    releases: knownReleases({ npm, PyPI }),
  });
  return { root, graphs, plans };
}

const HOLE = osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', '1.5.0'));
const LEFT = ['1.0.0', '1.5.0', '2.0.0'].map((version) => release(version));

describe('a plan', () => {
  it('refreshes the lock where everybody allows the fix already', async () => {
    const { plans } = await plan({ 'package-lock.json': lock() }, [HOLE], {
      left: LEFT,
      up: [release('1.0.0', { left: '^1.0.0' })],
    });
    expect(plans).toMatchObject([
      { kind: 'lock-refresh', proof: 'proven', isMajor: false, replacements: [{ to: '1.5.0' }] },
    ]);
  });

  it('bumps the parent where that caps, as onnxruntime-node did adm-zip', async () => {
    const { plans } = await plan(
      {
        'package-lock.json': {
          lockfileVersion: 3,
          packages: {
            '': { dependencies: { 'onnxruntime-node': '1.22.0' } },
            'node_modules/onnxruntime-node': { version: '1.22.0', dependencies: { 'adm-zip': '^0.5.16' } },
            'node_modules/adm-zip': { version: '0.5.16' },
          },
        },
      },
      [osvRecord('GHSA-xcpc-8h2w-3j85', npmEntry('adm-zip', 'introduced', '0', 'fixed', '0.6.0'))],
      {
        'adm-zip': ['0.5.16', '0.6.0'].map((version) => release(version)),
        'onnxruntime-node': [
          release('1.22.0', { 'adm-zip': '^0.5.16' }),
          release('1.29.0', { 'adm-zip': '^0.6.0' }, { isRetracted: true }),
          release('1.30.0', { 'adm-zip': '^0.6.0' }),
          release('1.31.0', { 'adm-zip': '^0.6.0' }),
        ],
      },
    );
    expect(plans).toMatchObject([
      {
        kind: 'parent-bump',
        proof: 'proven',
        replacements: [
          { package: 'onnxruntime-node', to: '1.30.0' },
          { package: 'adm-zip', to: '0.6.0' },
        ],
      },
    ]);
  });

  it('overrides where nobody allows the fix, and says where another major version is needed', async () => {
    const capped = { up: [release('1.0.0', { left: '1.0.0' })] };
    const { plans } = await plan({ 'package-lock.json': lock('1.0.0') }, [HOLE], { left: LEFT, ...capped });
    expect(plans).toMatchObject([{ kind: 'override', proof: 'proven', isMajor: false }]);
    const major = osvRecord('GHSA-1', npmEntry('left', 'introduced', '0', 'fixed', '2.0.0'));
    const other = await plan({ 'package-lock.json': lock('1.0.0') }, [major], { left: LEFT, ...capped });
    expect(other.plans).toMatchObject([{ kind: 'override', isMajor: true, replacements: [{ to: '2.0.0' }] }]);
  });

  it('takes no fix that another advisory includes, that was taken back, or that nobody has published', async () => {
    const second = osvRecord('GHSA-2', npmEntry('left', 'introduced', '1.5.0', 'fixed', '1.6.0'));
    const up = { up: [release('1.0.0', { left: '^1.0.0' })] };
    const versions = [
      release('1.0.0'),
      release('1.5.0'),
      release('1.6.0', {}, { isRetracted: true }),
      release('1.6.1-rc.1'),
      release('1.7.0'),
    ];
    const { plans } = await plan({ 'package-lock.json': lock() }, [HOLE, second], { left: versions, ...up });
    expect(plans).toMatchObject([{ replacements: [{ to: '1.7.0' }] }]);
  });

  it('proposes no downgrade as a change', async () => {
    const recent = osvRecord('GHSA-1', npmEntry('left', 'introduced', '0.9.0'));
    const { plans, root, graphs } = await plan({ 'package-lock.json': lock() }, [recent], {
      left: [release('0.8.0'), release('1.0.0')],
      up: [release('1.0.0', { left: '*' })],
    });
    expect(plans).toMatchObject([{ kind: 'downgrade', replacements: [], proof: 'none' }]);
    expect(await writeRemediation(root, graphs, plans)).toMatchObject({ written: [], commands: [] });
  });

  it('removes malware, and knows where no fix is and where none will come', async () => {
    const kinds = async (records: readonly OsvRecord[], files: Readonly<Record<string, string | object>>) =>
      (await plan(files, records, { left: [release('1.0.0')] }, { mxnet: [release('1.9.1')] })).plans.map(
        ({ kind }) => kind,
      );
    const all = osvRecord('MAL-1', npmEntry('left', 'introduced', '0'));
    expect(await kinds([all], { 'package-lock.json': lock() })).toEqual(['remove']);
    expect(await kinds([{ ...all, id: 'GHSA-1' }], { 'package-lock.json': lock() })).toEqual(['no-fix']);
    const mxnet = osvRecord('GHSA-2', pypiEntry('mxnet', 'introduced', '0'));
    expect(await kinds([mxnet], { 'requirements.txt': 'mxnet==1.9.1\n' })).toEqual(['no-fix-to-come']);
    expect(await kinds([mxnet], { 'requirements.txt': 'mxnet>=1\n' })).toEqual(['pin-first']);
  });

  it('is refuted by a parent that has a hole of its own', async () => {
    const parent = osvRecord('GHSA-2', npmEntry('up', 'introduced', '1.1.0'));
    const { plans } = await plan({ 'package-lock.json': lock('1.0.0') }, [HOLE, parent], {
      left: LEFT,
      up: [release('1.0.0', { left: '1.0.0' }), release('1.1.0', { left: '^1.5.0' })],
    });
    expect(plans).toMatchObject([{ kind: 'parent-bump', proof: 'refuted' }]);
  });

  it('is unproven while it is not known that what the new version needs is locked', async () => {
    const { plans } = await plan({ 'package-lock.json': lock() }, [HOLE], {
      left: [release('1.0.0'), release('1.5.0', { right: '^1.0.0' })],
      up: [release('1.0.0', { left: '^1.0.0' })],
    });
    expect(plans).toMatchObject([{ proof: 'unproven' }]);
  });
});

describe('writing a plan', () => {
  it('bumps a direct dependency of either ecosystem and leaves a hashed requirement alone', async () => {
    const python = osvRecord('PYSEC-1', pypiEntry('mxnet', 'introduced', '0', 'fixed', '1.9.1'));
    const files = {
      'package.json': { name: 'p', dependencies: { left: '1.0.0' } },
      'package-lock.json': {
        lockfileVersion: 3,
        packages: { '': { dependencies: { left: '1.0.0' } }, 'node_modules/left': { version: '1.0.0' } },
      },
      'requirements.txt': `# keep\nMXNet[x]==1.9.0  # why\n`,
      'hashed.txt': `mxnet==1.9.0 --hash=sha256:${'a'.repeat(64)}\n`,
    };
    const { root, graphs, plans } = await plan(
      files,
      [HOLE, python],
      { left: LEFT },
      { mxnet: [release('1.9.1')] },
    );
    const result = await writeRemediation(root, graphs, plans);
    expect([...result.written].sort()).toEqual([
      'package.json: left 1.0.0 -> 1.5.0',
      'requirements.txt: mxnet 1.9.0 -> 1.9.1',
    ]);
    expect(await readFile(join(root, 'requirements.txt'), 'utf8')).toBe('# keep\nMXNet[x]==1.9.1  # why\n');
    expect(await readFile(join(root, 'hashed.txt'), 'utf8')).toBe(files['hashed.txt']);
    expect(JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))).toEqual({
      name: 'p',
      dependencies: { left: '1.5.0' },
    });
    expect(result.commands).toEqual(['npm install --package-lock-only --ignore-scripts']);
  });

  it('writes an override for the one version that is affected', async () => {
    const files = { 'package.json': { dependencies: { up: '1.0.0' } }, 'package-lock.json': lock('1.0.0') };
    const { root, graphs, plans } = await plan(files, [HOLE], {
      left: LEFT,
      up: [release('1.0.0', { left: '1.0.0' })],
    });
    await writeRemediation(root, graphs, plans);
    expect(JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))).toMatchObject({
      overrides: { 'left@1.0.0': '1.5.0' },
    });
  });
});

describe("a plan by npm's own service", () => {
  it('takes no version that another advisory is about, though the present one is not in it', async () => {
    const known = {
      'adm-zip': [
        ['GHSA-xcpc-8h2w-3j85', '<0.6.0', 'high'],
        ['GHSA-aaaa-bbbb-cccc', '>=0.6.0 <0.6.2', 'low'],
      ],
    } as const;
    // As npm answers: an advisory is named if a version that was asked about is in it.
    const { url, requests } = await startService(({ body }, response) => {
      const asked = body as Readonly<Record<string, readonly string[]>>;
      sendJson(
        response,
        Object.fromEntries(
          Object.entries(known).map(([name, advisories]) => [
            name,
            advisories
              .filter(([, range]) => asked[name]?.some((version) => satisfies(version, range)))
              .map(([id, range, severity]) => ({
                id: 1,
                url: `https://github.com/advisories/${id}`,
                title: 'A hole',
                severity,
                vulnerable_versions: range,
                cvss: { score: 0, vectorString: null },
              })),
          ]),
        ),
      );
    });
    const root = await writeProject({
      'package.json': { dependencies: { 'adm-zip': '0.5.16' } },
      'package-lock.json': {
        lockfileVersion: 3,
        packages: {
          '': { dependencies: { 'adm-zip': '0.5.16' } },
          'node_modules/adm-zip': { version: '0.5.16' },
        },
      },
    });
    const graphs = [await readLockfile({ root, path: 'package-lock.json' })];
    const advisories = npmBulk({ url });
    const { findings } = await scanGraphs(graphs, { advisories });
    // Of the present version alone the service names one advisory, and the first version after it.
    expect(findings).toMatchObject([{ advisory: 'GHSA-xcpc-8h2w-3j85', fix: { version: '0.6.0' } }]);
    const versions = ['0.5.16', '0.6.0', '0.6.1', '0.6.2', '0.7.0'].map((version) => release(version));
    const releases = knownReleases({ npm: { 'adm-zip': versions } });
    const plans = await planRemediation({ graphs, findings, advisories, releases });
    expect(plans).toMatchObject([{ kind: 'bump', proof: 'proven', replacements: [{ to: '0.6.2' }] }]);
    expect(requests.some(({ body }) => JSON.stringify(body).includes('0.6.2'))).toBe(true);
    await writeRemediation(root, graphs, plans);
    expect(JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))).toEqual({
      dependencies: { 'adm-zip': '0.6.2' },
    });
  });
});

describe('registries', () => {
  it('are asked for releases, once each', async () => {
    const { url, requests } = await startService(({ path }, response) => {
      if (path === '/@s%2fleft') {
        sendJson(response, {
          versions: {
            '1.0.0': {
              dependencies: { a: '^1' },
              deprecated: 'broken',
              scripts: { postinstall: 'x' },
              dist: { tarball: 'https://x.test/a.tgz' },
            },
            '1.1.0': {
              hasInstallScript: false,
              deprecated: '',
              dependencies: JSON.parse('{"__proto__":"1"}') as object,
            },
            soon: {},
          },
          time: { created: '2020-01-01T00:00:00Z', '1.0.0': '2021-01-01T00:00:00Z' },
        });
      } else if (path === '/pypi/mxnet/json') {
        sendJson(response, {
          releases: {
            '1.9.0': [{ upload_time_iso_8601: '2022-01-01T00:00:00Z', yanked: true }],
            '1.9.1': [{ upload_time_iso_8601: '2022-05-01T00:00:00Z', yanked: false }],
            '2.0': [],
          },
        });
      } else if (path.startsWith('/pypi/mxnet/1.9')) {
        sendJson(response, {
          info: { requires_dist: ['numpy (<2.0.0,>1.16.0)', 'pytest ; extra == "test"'] },
        });
      } else sendJson(response, {}, path === '/broken' ? 200 : 404);
    });
    const source = registryReleases({ npm: { url }, pypi: { url } });
    const npm = await source.releasesOf({ ecosystem: 'npm', name: '@s/left' });
    expect(npm).toMatchObject([
      {
        version: '1.0.0',
        isRetracted: true,
        hasInstallScript: true,
        dependencies: { a: '^1' },
        published: '2021-01-01T00:00:00Z',
      },
      { version: '1.1.0', isRetracted: false, hasInstallScript: false },
    ]);
    await source.releasesOf({ ecosystem: 'npm', name: '@s/left' });
    expect(requests.filter(({ path }) => path.startsWith('/@s'))).toHaveLength(1);
    expect(await source.releasesOf({ ecosystem: 'PyPI', name: 'mxnet' })).toMatchObject([
      { version: '1.9.0', isRetracted: true },
      { version: '1.9.1', isRetracted: false, dependencies: { numpy: '<2.0.0,>1.16.0' } },
    ]);
    expect(await source.releasesOf({ ecosystem: 'npm', name: 'gone' })).toBeUndefined();
    await expect(source.releasesOf({ ecosystem: 'npm', name: 'broken' })).rejects.toMatchObject({
      code: 'ERR_DEP_NETWORK',
    });
  });
});
