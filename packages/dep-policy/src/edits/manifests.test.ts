import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writePins } from '../pin-writer.ts';
import { readLockfile } from '../readers/read-lockfile.ts';
import { writeRemediation } from '../remediation/remediation-writer.ts';
import type { Remediation, RemediationKind } from '../remediation/remediation-plan.ts';
import { writeProject } from '../testing/workspace.ts';

const PNPM_LOCK = `lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      up:
        specifier: 1.0.0
        version: 1.0.0
  packages/a:
    dependencies:
      left:
        specifier: 'catalog:'
        version: 1.0.0
packages:
  left@1.0.0: {resolution: {integrity: sha512-x}}
  up@1.0.0: {resolution: {integrity: sha512-x}}
snapshots:
  left@1.0.0: {}
  up@1.0.0: {dependencies: {left: 1.0.0}}
`;
const YARN_CLASSIC = `# yarn lockfile v1


left@^1.0.0:
  version "1.0.0"

up@1.0.0:
  version "1.0.0"
  dependencies:
    left "^1.0.0"
`;
const YARN_BERRY = `__metadata:
  version: 8

"left@npm:^1.0.0":
  version: 1.0.0
  resolution: "left@npm:1.0.0"
  languageName: node
  linkType: hard

"p@workspace:.":
  version: 0.0.0-use.local
  resolution: "p@workspace:."
  dependencies:
    left: "npm:^1.0.0"
  languageName: unknown
  linkType: soft
`;
const UV_LOCK = `version = 1

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "left" }]

[[package]]
name = "left"
version = "1.0.0"
source = { registry = "https://pypi.org/simple" }
`;
const POETRY_LOCK = `[[package]]
name = "left"
version = "1.0.0"
optional = false
files = []

[metadata]
lock-version = "2.1"
`;
const PDM_LOCK = `[metadata]
lock_version = "4.5.0"

[[package]]
name = "left"
version = "1.0.0"
`;
const PIPFILE_LOCK = { _meta: {}, default: { left: { version: '==1.0.0' } }, develop: {} };

function planOf(kind: RemediationKind, ecosystem: 'npm' | 'PyPI'): Remediation {
  return {
    finding: 'f',
    kind,
    replacements: [{ ecosystem, package: 'left', from: '1.0.0', to: '1.5.0' }],
    isMajor: false,
    proof: 'proven',
    reason: 'because',
  };
}

/** Writes one plan and gives what came of it, with a file as it is then. */
async function fix(
  lock: string,
  kind: RemediationKind,
  files: Readonly<Record<string, string | object>>,
  path: string,
) {
  const root = await writeProject(files);
  const graph = await readLockfile({ root, path: lock });
  const ecosystem = [...graph.packages.values()][0]!.ecosystem;
  const dry = await writeRemediation(root, [graph], [planOf(kind, ecosystem)], { isDryRun: true });
  const before = await readFile(join(root, path), 'utf8').catch(() => '');
  expect(before).toBe(files[path] ?? '');
  const result = await writeRemediation(root, [graph], [planOf(kind, ecosystem)]);
  expect(dry).toEqual(result);
  return { ...result, text: await readFile(join(root, path), 'utf8').catch(() => undefined) };
}

describe('a plan is written', () => {
  it('as an override of pnpm beside its other settings, or into a new file', async () => {
    const files = { 'package.json': '{}\n', 'pnpm-lock.yaml': PNPM_LOCK };
    const settings = '# ours\npackages: [packages/*]\n';
    expect(
      await fix(
        'pnpm-lock.yaml',
        'override',
        { ...files, 'pnpm-workspace.yaml': settings },
        'pnpm-workspace.yaml',
      ),
    ).toMatchObject({
      text: `${settings}\noverrides:\n  'left@1.0.0': '1.5.0'\n`,
      commands: ['pnpm install --lockfile-only --ignore-scripts'],
      left: [],
    });
    expect(await fix('pnpm-lock.yaml', 'override', files, 'pnpm-workspace.yaml')).toMatchObject({
      text: "overrides:\n  'left@1.0.0': '1.5.0'\n",
    });
  });

  it('not beside overrides of pnpm that pnpm itself would pass over', async () => {
    const files = { 'package.json': '{"pnpm": {"overrides": {}}}\n', 'pnpm-lock.yaml': PNPM_LOCK };
    const result = await fix('pnpm-lock.yaml', 'override', files, 'package.json');
    expect(result).toMatchObject({ text: files['package.json'], written: [], commands: [] });
    expect(result.left).toHaveLength(1);
  });

  it('into the catalog that a member asks for', async () => {
    const files = {
      'package.json': '{}\n',
      'packages/a/package.json': '{"dependencies": {"left": "catalog:"}}\n',
      'pnpm-workspace.yaml': 'catalog:\n  left: 1.0.0 # keep\n',
      'pnpm-lock.yaml': PNPM_LOCK,
    };
    expect(await fix('pnpm-lock.yaml', 'bump', files, 'pnpm-workspace.yaml')).toMatchObject({
      text: 'catalog:\n  left: 1.5.0 # keep\n',
      written: ['pnpm-workspace.yaml: left 1.0.0 -> 1.5.0'],
    });
  });

  it('as a resolution of Yarn where one version is locked, and not where several are', async () => {
    const files = { 'package.json': '{"dependencies": {"up": "1.0.0"}}\n', 'yarn.lock': YARN_CLASSIC };
    expect(await fix('yarn.lock', 'override', files, 'package.json')).toMatchObject({
      text: '{"dependencies": {"up": "1.0.0"},\n  "resolutions": {\n    "left": "1.5.0"\n  }\n}\n',
      commands: ['yarn install --ignore-scripts'],
    });
    const second = `${YARN_CLASSIC}\nleft@^2.0.0:\n  version "2.0.0"\n`;
    expect(
      await fix('yarn.lock', 'override', { ...files, 'yarn.lock': second }, 'package.json'),
    ).toMatchObject({
      text: files['package.json'],
      left: [{ finding: 'f' }],
    });
  });

  it('as a refresh of the lock by its tool, and left where the tool cannot', async () => {
    const manifest = { 'package.json': '{"dependencies": {"left": "^1.0.0"}}\n' };
    expect(
      await fix('yarn.lock', 'lock-refresh', { ...manifest, 'yarn.lock': YARN_BERRY }, 'package.json'),
    ).toMatchObject({ written: [], commands: ['yarn up --recursive --mode=update-lockfile left'], left: [] });
    expect(
      await fix('yarn.lock', 'lock-refresh', { ...manifest, 'yarn.lock': YARN_CLASSIC }, 'package.json'),
    ).toMatchObject({ commands: [], left: [{ finding: 'f' }] });
  });

  it.each([
    [
      'uv.lock',
      UV_LOCK,
      '[project]\ndependencies = ["Left[x] == 1.0.0 ; os_name == \'posix\'"] # ours\n',
      'uv lock',
    ],
    [
      'poetry.lock',
      POETRY_LOCK,
      '[tool.poetry.dependencies]\nleft = { version = "1.0.0" } # ours\n',
      'poetry lock',
    ],
    ['pdm.lock', PDM_LOCK, '[project]\ndependencies = ["left===1.0.0"]\n', 'pdm lock --update-reuse'],
  ])('as another version that the manifest of %s asks for', async (lock, text, manifest, command) => {
    const result = await fix(lock, 'bump', { [lock]: text, 'pyproject.toml': manifest }, 'pyproject.toml');
    expect(result).toMatchObject({
      commands: [command],
      left: [],
      written: ['pyproject.toml: left 1.0.0 -> 1.5.0'],
    });
    expect(result.text).toBe(
      manifest
        .replace("Left[x] == 1.0.0 ; os_name == 'posix'", "Left[x]==1.5.0 ; os_name == 'posix'")
        .replace('"1.0.0"', '"==1.5.0"')
        .replace('===1.0.0', '==1.5.0'),
    );
  });

  it('into a Pipfile, by the command of Pipenv', async () => {
    const files = { Pipfile: '[packages]\nleft = "==1.0.0"\n', 'Pipfile.lock': PIPFILE_LOCK };
    expect(await fix('Pipfile.lock', 'bump', files, 'Pipfile')).toMatchObject({
      text: '[packages]\nleft = "==1.5.0"\n',
      commands: ['pipenv upgrade --lock-only left==1.5.0'],
    });
  });

  it.each([
    [
      'uv.lock',
      UV_LOCK,
      '[project]\ndependencies = ["left>=1,<2"]\n',
      'uv lock --upgrade-package left==1.5.0',
    ],
    ['poetry.lock', POETRY_LOCK, '[tool.poetry.dependencies]\nleft = "^1.0"\n', 'poetry update --lock left'],
    ['pdm.lock', PDM_LOCK, '[project]\ndependencies = ["left~=1.0"]\n', 'pdm update --no-sync left'],
  ])(
    'as a command alone where the manifest of %s allows the version',
    async (lock, text, manifest, command) => {
      expect(
        await fix(lock, 'bump', { [lock]: text, 'pyproject.toml': manifest }, 'pyproject.toml'),
      ).toMatchObject({ text: manifest, written: [], commands: [command], left: [] });
    },
  );

  it.each([
    ['[project]\ndependencies = ["left<1.5"]\n', UV_LOCK, 'uv.lock'],
    ['[tool.poetry.dependencies]\nleft = "~1.0"\n', POETRY_LOCK, 'poetry.lock'],
    ['[tool.poetry.dependencies]\nleft = "^1 || ^2"\n', POETRY_LOCK, 'poetry.lock'],
  ])('by a person where the manifest caps: %j', async (manifest, text, lock) => {
    expect(
      await fix(lock, 'bump', { [lock]: text, 'pyproject.toml': manifest }, 'pyproject.toml'),
    ).toMatchObject({ text: manifest, written: [], commands: [], left: [{ finding: 'f' }] });
  });

  it('as an override of uv and of PDM, and by a person with Poetry', async () => {
    const manifest = '[project]\nname = "app"\n';
    const override = (lock: string, text: string) =>
      fix(lock, 'override', { [lock]: text, 'pyproject.toml': manifest }, 'pyproject.toml');
    expect(await override('uv.lock', UV_LOCK)).toMatchObject({
      text: `${manifest}\n[tool.uv]\noverride-dependencies = ["left==1.5.0"]\n`,
      commands: ['uv lock'],
    });
    expect(await override('pdm.lock', PDM_LOCK)).toMatchObject({
      text: `${manifest}\n[tool.pdm.resolution.overrides]\n"left" = "1.5.0"\n`,
    });
    expect(await override('poetry.lock', POETRY_LOCK)).toMatchObject({
      text: manifest,
      left: [{ finding: 'f' }],
    });
  });

  it('into requirements in whatever way the version is pinned, and never into another one', async () => {
    const text = '# left==1.0.0\r\nleft == 1.0.0  # left==1.0.0\r\nleftover==1.0.0\r\n';
    expect(
      await fix('requirements.txt', 'bump', { 'requirements.txt': text }, 'requirements.txt'),
    ).toMatchObject({
      text: '# left==1.0.0\r\nleft == 1.5.0  # left==1.0.0\r\nleftover==1.0.0\r\n',
    });
  });

  it('only into the manifest of a lock that has the affected version', async () => {
    const manifest = '{"dependencies": {"left": "2.0.0"}}\n';
    const other = {
      lockfileVersion: 3,
      packages: { '': { dependencies: { left: '2.0.0' } }, 'node_modules/left': { version: '2.0.0' } },
    };
    expect(
      await fix(
        'package-lock.json',
        'bump',
        { 'package.json': manifest, 'package-lock.json': other },
        'package.json',
      ),
    ).toMatchObject({ text: manifest, written: [], commands: [], left: [{ finding: 'f' }] });
  });
});

describe('pins of Python', () => {
  it.each([
    [
      'uv.lock',
      UV_LOCK,
      '[project]\ndependencies = [\n  "left>=1", # ours\n]\n',
      '"left>=1"',
      '"left==1.0.0"',
      'uv lock',
    ],
    [
      'poetry.lock',
      POETRY_LOCK,
      '[tool.poetry.group.dev.dependencies]\nleft = "*"\n',
      '"*"',
      '"==1.0.0"',
      'poetry lock',
    ],
    [
      'pdm.lock',
      PDM_LOCK,
      '[dependency-groups]\ntest = ["left"]\n',
      '"left"',
      '"left==1.0.0"',
      'pdm lock --update-reuse',
    ],
  ])('are written into the manifest of %s', async (lock, text, manifest, from, to, command) => {
    const root = await writeProject({ [lock]: text, 'pyproject.toml': manifest });
    const graphs = [await readLockfile({ root, path: lock })];
    expect(await writePins(root, graphs, true)).toMatchObject({ pinned: [{ to: '==1.0.0' }] });
    expect(await readFile(join(root, 'pyproject.toml'), 'utf8')).toBe(manifest);
    expect(await writePins(root, graphs)).toMatchObject({ left: [], commands: [command] });
    expect(await readFile(join(root, 'pyproject.toml'), 'utf8')).toBe(manifest.replace(from, to));
    expect(await writePins(root, graphs)).toEqual({ pinned: [], left: [], commands: [] });
  });

  it('leave alone what the lock has in no version or in several', async () => {
    const root = await writeProject({
      'uv.lock': `${UV_LOCK}\n[[package]]\nname = "left"\nversion = "2.0.0"\nsource = { registry = "https://pypi.org/simple" }\n`,
      'pyproject.toml': '[project]\ndependencies = ["left", "gone"]\n',
    });
    expect(await writePins(root, [await readLockfile({ root, path: 'uv.lock' })])).toEqual({
      pinned: [],
      left: ['pyproject.toml: left', 'pyproject.toml: gone'],
      commands: [],
    });
  });
});
