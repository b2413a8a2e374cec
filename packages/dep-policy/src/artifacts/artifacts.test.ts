import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLockfile } from '../readers/read-lockfile.ts';
import { sha512, writeProject } from '../testing/workspace.ts';
import { zipOf } from '../testing/zip.ts';
import { hashRequirements } from './hashed-requirements.ts';
import { verifyArtifacts } from './verify-artifacts.ts';

const WHEEL = 'left_pad-1.0-py3-none-any.whl';

/** A wheel that pip takes. */
function wheel(text: string): Buffer {
  return zipOf({
    'left_pad/__init__.py': text,
    'left_pad-1.0.dist-info/METADATA': 'Metadata-Version: 2.1\nName: left-pad\nVersion: 1.0\n',
    'left_pad-1.0.dist-info/WHEEL':
      'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    'left_pad-1.0.dist-info/RECORD': '',
  });
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function project(hash: string, files: Readonly<Record<string, Buffer | string>>) {
  const root = await writeProject({
    'requirements.txt': `Left.Pad==1.0 --hash=${hash}\n`,
    'package-lock.json': {
      lockfileVersion: 3,
      packages: { '': {}, 'node_modules/@s/up': { version: '1.0.0', integrity: sha512('tarball') } },
    },
  });
  await mkdir(join(root, 'in'));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(root, 'in', name), bytes);
  const graphs = [];
  for (const path of ['requirements.txt', 'package-lock.json'])
    graphs.push(await readLockfile({ root, path }));
  return { root, graphs, folder: join(root, 'in') };
}

describe('verifying archives', () => {
  const bytes = wheel('x = 1');
  const good = { [WHEEL]: bytes, 's-up-1.0.0.tgz': 'tarball' };

  it('takes the bytes of the lock, under either name that a tarball has', async () => {
    for (const tarball of ['s-up-1.0.0.tgz', 'up-1.0.0.tgz']) {
      const { graphs, folder } = await project(`sha256:${sha256(bytes)}`, {
        [WHEEL]: bytes,
        [tarball]: 'tarball',
      });
      expect(await verifyArtifacts(graphs, folder)).toEqual({
        verified: [WHEEL, tarball].sort(),
        missing: [],
        violations: [],
      });
    }
  });

  it.each([
    ['one byte more', { ...good, 's-up-1.0.0.tgz': 'tarball ' }, 's-up-1.0.0.tgz'],
    ['the bytes of another archive', { ...good, [WHEEL]: 'tarball' }, WHEEL],
    [
      'a version that is not locked',
      { ...good, 'left_pad-1.1-py3-none-any.whl': bytes },
      'left_pad-1.1-py3-none-any.whl',
    ],
    ['a file that is no archive', { ...good, 'setup.py': 'import os' }, 'setup.py'],
  ])('refuses %s', async (_what, files, file) => {
    const { graphs, folder } = await project(`sha256:${sha256(bytes)}`, files);
    expect(await verifyArtifacts(graphs, folder)).toMatchObject({
      missing: [],
      violations: [{ rule: 'artifact', file }],
    });
  });

  it('says what is missing', async () => {
    const { graphs, folder } = await project(`sha256:${sha256(bytes)}`, { [WHEEL]: bytes });
    expect(await verifyArtifacts(graphs, folder)).toMatchObject({ missing: ['@s/up@1.0.0'], violations: [] });
  });

  it('misses no package that comes inside of another one', async () => {
    const { graphs, root, folder } = await project(`sha256:${sha256(bytes)}`, good);
    const inner = async (bundleDependencies: readonly string[]) => {
      const up = { version: '1.0.0', integrity: sha512('tarball'), bundleDependencies };
      const packages = {
        '': {},
        'node_modules/@s/up': up,
        'node_modules/@s/up/node_modules/in': { version: '1.0.0', inBundle: true },
      };
      await writeFile(join(root, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
      const lock = await readLockfile({ root, path: 'package-lock.json' });
      return (await verifyArtifacts([graphs[0]!, lock], folder)).missing;
    };
    expect(await inner(['in'])).toEqual([]);
    expect(await inner([])).toEqual(['in@1.0.0']);
  });

  it.each([
    ['a range', { 'requirements.txt': 'left-pad>=1\n' }, ['left-pad@?']],
    [
      'git',
      {
        'package-lock.json': {
          lockfileVersion: 3,
          packages: {
            '': {},
            'node_modules/a': {
              version: '1.0.0',
              resolved: `git+ssh://git@github.com/a/a.git#${'a'.repeat(40)}`,
            },
          },
        },
      },
      ['a@1.0.0'],
    ],
    [
      'a file',
      {
        'package-lock.json': {
          lockfileVersion: 3,
          packages: { '': {}, 'node_modules/a': { version: '1.0.0', resolved: 'file:a.tgz' } },
        },
      },
      ['a@1.0.0'],
    ],
    ['nothing', { 'requirements.txt': '# none\n' }, []],
    [
      'a member of the workspace',
      {
        'package-lock.json': {
          lockfileVersion: 3,
          packages: {
            '': { workspaces: ['a'] },
            'node_modules/a': { resolved: 'a', link: true },
            a: { name: 'a', version: '1.0.0' },
          },
        },
      },
      [],
    ],
  ])('calls missing what it cannot compare: %s', async (_what, files, missing) => {
    const root = await writeProject(files);
    await mkdir(join(root, 'in'));
    const graphs = await Promise.all(Object.keys(files).map((path) => readLockfile({ root, path })));
    expect(await verifyArtifacts(graphs, join(root, 'in'))).toMatchObject({ verified: [], missing });
  });

  it('compares with no weak hash, and follows no link', async () => {
    const md5 = createHash('md5').update(bytes).digest('hex');
    const weak = await project(`md5:${md5}`, good);
    expect(await verifyArtifacts(weak.graphs, weak.folder)).toMatchObject({ violations: [{ file: WHEEL }] });
    const linked = await project(`sha256:${sha256(bytes)}`, { 's-up-1.0.0.tgz': 'tarball' });
    await writeFile(join(linked.root, 'elsewhere'), bytes);
    await symlink(join(linked.root, 'elsewhere'), join(linked.folder, WHEEL));
    await expect(verifyArtifacts(linked.graphs, linked.folder)).rejects.toMatchObject({
      code: 'ERR_DEP_UNREADABLE',
    });
  });
});

const PIP = spawnSync('/usr/bin/python3', ['-m', 'pip', '--version']).status === 0;

/** What pip makes of a requirements file and a folder of wheels. */
function pip(root: string, out: string): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(
    '/usr/bin/python3',
    [
      ...[
        '-m',
        'pip',
        'download',
        '--isolated',
        '--disable-pip-version-check',
        '--no-cache-dir',
        '--no-index',
      ],
      ...['--find-links', join(root, 'in'), '--require-hashes', '--no-deps', '-d', join(root, out)],
      ...['-r', join(root, 'requirements.hashed.txt')],
    ],
    { encoding: 'utf8' },
  );
  return { status, output: stdout + stderr };
}

describe('a file for --require-hashes', () => {
  it('has every package with its hashes, and its marker', async () => {
    const root = await writeProject({
      'requirements.txt': `b==2 --hash=sha256:${'b'.repeat(64)} --hash=sha256:${'a'.repeat(64)}\nA_x==1 ; python_version < "4" --hash=sha256:${'c'.repeat(64)}\nc==3\nd\n`,
    });
    const graph = await readLockfile({ root, path: 'requirements.txt' });
    const { text, missing } = await hashRequirements([graph], { root });
    expect(text.split('\n').slice(1)).toEqual([
      'a-x==1 ; python_version < "4" \\',
      `    --hash=sha256:${'c'.repeat(64)}`,
      'b==2 \\',
      `    --hash=sha256:${'a'.repeat(64)} \\`,
      `    --hash=sha256:${'b'.repeat(64)}`,
      '',
    ]);
    expect(missing).toEqual(['c@3', 'd@?']);
  });

  it.skipIf(!PIP)(
    'makes the real pip take the wheel that was hashed, and refuse another (skipped without python3-pip)',
    async () => {
      const root = await writeProject({ 'requirements.txt': 'left-pad==1.0\n' });
      await mkdir(join(root, 'in'));
      await writeFile(join(root, 'in', WHEEL), wheel('x = 1'));
      const graph = await readLockfile({ root, path: 'requirements.txt' });
      const { text, missing } = await hashRequirements([graph], { root, artifacts: join(root, 'in') });
      expect(missing).toEqual([]);
      await writeFile(join(root, 'requirements.hashed.txt'), text);
      const taken = pip(root, 'first');
      expect(taken.output).toContain('Saved');
      expect(taken.status).toBe(0);
      await writeFile(join(root, 'in', WHEEL), wheel('x = 2'));
      const refused = pip(root, 'second');
      expect(refused.status).not.toBe(0);
      expect(refused.output).toContain('DO NOT MATCH');
    },
    60_000,
  );
});
