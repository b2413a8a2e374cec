import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DependencyGraph } from '../graph/dependency-graph.ts';
import { writeProject } from '../testing/workspace.ts';
import { readLockfile } from './read-lockfile.ts';

const FIXTURES = join(import.meta.dirname, '__fixtures__');

/** Packages as `name@version scope`, and the names of those that each needs. */
function summary({ packages }: DependencyGraph): Record<string, readonly string[]> {
  const label = (key: string): string => {
    const { name, version } = packages.get(key)!;
    return `${name}@${version ?? ''}`;
  };
  return Object.fromEntries(
    [...packages.values()].map(({ key, scope, dependencies }) => [
      `${label(key)} ${scope}`,
      dependencies.map(({ to }) => label(to)),
    ]),
  );
}

const EXPECTED = {
  'debug@4.3.1 runtime': ['ms@2.1.2'],
  'fsevents@2.3.2 optional': [],
  'is-buffer@1.1.6 runtime': [],
  'is-even@1.0.0 runtime': ['is-odd@0.1.2'],
  'is-number@3.0.0 runtime': ['kind-of@3.2.2'],
  'is-odd@0.1.2 runtime': ['is-number@3.0.0'],
  'isarray@1.0.0 optional': [],
  'kind-of@3.2.2 runtime': ['is-buffer@1.1.6'],
  'minimist@0.0.8 dev': [],
  'mkdirp@0.5.1 dev': ['minimist@0.0.8'],
  'ms@2.0.0 runtime': [],
  'ms@2.1.2 runtime': [],
};

describe('the lock of one project, as it was written by', () => {
  it.each([
    ['npm, version 1', 'npm1', 'package-lock.json', 'package-lock', '1', [69, 73]],
    ['npm, version 2', 'npm2', 'package-lock.json', 'package-lock', '2', [124, 129]],
    ['npm, version 3', 'npm3', 'package-lock.json', 'package-lock', '3', [124, 129]],
    ['pnpm 7', 'pnpm7', 'pnpm-lock.yaml', 'pnpm-lock', '5.4', [98, 94]],
    ['pnpm 8', 'pnpm8', 'pnpm-lock.yaml', 'pnpm-lock', '6.0', [106, 102]],
    ['pnpm 9', 'pnpm9', 'pnpm-lock.yaml', 'pnpm-lock', '9.0', [80, 77]],
    ['Yarn 1', 'yarn1', 'yarn.lock', 'yarn-classic', '1', [67, 72]],
  ] as const)('%s', async (_, folder, path, format, formatVersion, lines) => {
    const graph = await readLockfile({ root: join(FIXTURES, folder), path });
    expect(graph).toMatchObject({ format, formatVersion, edges: 'known', problems: [] });
    expect(summary(graph)).toEqual(EXPECTED);
    const ms = [...graph.packages.values()]
      .filter(({ name }) => name === 'ms')
      .sort((a, b) => (a.version! > b.version! ? -1 : 1));
    expect(ms.map(({ position }) => position.line)).toEqual(lines);
    expect(
      [...graph.packages.values()].every(({ hashes }) => hashes[0]?.startsWith('sha512-') === true),
    ).toBe(true);
  });

  it('Yarn 4', async () => {
    const graph = await readLockfile({ root: join(FIXTURES, 'berry'), path: 'yarn.lock' });
    expect(graph).toMatchObject({ format: 'yarn-berry', formatVersion: '8', problems: [] });
    const { 'fsevents@2.3.2 optional': native, ...plain } = EXPECTED;
    expect(native).toEqual([]);
    // Yarn adds what fsevents would be built with.
    expect(summary(graph)).toMatchObject(plain);
    expect(summary(graph)).toMatchObject({ 'tar@7.5.23 optional': expect.any(Array) as unknown });
    expect(graph.packages.get('short@npm:ms@2.0.0')).toMatchObject({
      name: 'ms',
      version: '2.0.0',
      position: { line: 265 },
    });
  });

  it.each([
    ['npm1', 'package-lock.json'],
    ['yarn1', 'yarn.lock'],
  ])('%s without its manifest: what nothing else needs is needed by the root', async (folder, path) => {
    const root = await mkdtemp(join(tmpdir(), 'dep-policy-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    await cp(join(FIXTURES, folder, path), join(root, path));
    const { roots, packages } = await readLockfile({ root, path });
    expect(roots[0]?.dependencies.map(({ to }) => packages.get(to)?.name).sort()).toEqual([
      'debug',
      'fsevents',
      'is-even',
      'isarray',
      'mkdirp',
      'ms',
    ]);
  });
});

describe('a package-lock', () => {
  const read = async (packages: object, more: object = {}) =>
    await readLockfile({
      root: await writeProject({ 'package-lock.json': { lockfileVersion: 3, packages, ...more } }),
      path: 'package-lock.json',
    });

  it('finds what Node would find: the nearest node_modules', async () => {
    const graph = await read({
      '': { dependencies: { a: '1', b: '1' } },
      'node_modules/a': { version: '1.0.0', dependencies: { b: '2' } },
      'node_modules/a/node_modules/b': { version: '2.0.0', dependencies: { c: '1' } },
      'node_modules/b': { version: '1.0.0' },
      'node_modules/c': { version: '1.0.0' },
    });
    expect(summary(graph)).toMatchObject({ 'a@1.0.0 runtime': ['b@2.0.0'], 'b@2.0.0 runtime': ['c@1.0.0'] });
  });

  it('has members as roots, and links as the ways to them', async () => {
    const graph = await read({
      '': { workspaces: ['packages/*'], dependencies: { inner: '1' } },
      'node_modules/inner': { resolved: 'packages/inner', link: true },
      'packages/inner': {
        name: 'inner',
        version: '1.0.0',
        dependencies: { c: '1' },
        devDependencies: { d: '1' },
      },
      'node_modules/c': { version: '1.0.0' },
      'packages/inner/node_modules/d': { version: '4.0.0' },
    });
    expect(graph.roots.map(({ name }) => name)).toEqual(['.', 'packages/inner']);
    expect(summary(graph)).toEqual({
      'inner@1.0.0 runtime': ['c@1.0.0'],
      'c@1.0.0 runtime': [],
      'd@4.0.0 dev': [],
    });
  });

  it('names git and tarball packages by what they say they are', async () => {
    const { packages } = await read({
      '': { dependencies: { a: 'github:x/a', b: 'https://example.org/b.tgz' } },
      'node_modules/a': { version: '1.0.0', resolved: 'git+ssh://git@github.com/x/a.git#abc' },
      'node_modules/b': { version: '2.0.0', resolved: 'https://example.org/b.tgz' },
    });
    expect([...packages.values()]).toMatchObject([
      { origin: 'git', version: '1.0.0' },
      { origin: 'url', version: '2.0.0' },
    ]);
  });

  it('is complete only with everything it says is needed', async () => {
    const { problems } = await read({
      '': { dependencies: { a: '1' }, optionalDependencies: { o: '1' }, peerDependencies: { p: '1' } },
    });
    expect(problems).toMatchObject([{ kind: 'missing' }]);
  });

  it.each([
    ['version 4', { lockfileVersion: 4 }],
    ['no packages', { packages: [] }],
    ['packages in version 1', { lockfileVersion: 1 }],
    ['a package that is no object', { packages: { '': {}, 'node_modules/a': 1 } }],
    ['a name of 215 characters', { packages: { [`node_modules/${'a'.repeat(215)}`]: { version: '1.0.0' } } }],
  ])('with %s is refused', async (_, more) => {
    await expect(read({ '': {} }, more)).rejects.toMatchObject({ code: 'ERR_DEP_LOCKFILE' });
  });

  it.each([
    ['package', '{"":{},"node_modules/a":{"version":"1.0.0"},"node_modules/\\u0061":{"version":"2.0.0"}}'],
    ['version', '{"":{},"node_modules/a":{"version":"1.0.0","version":"2.0.0"}}'],
    ['dependency', '{"":{"dependencies":{"a":"1","a":"2"}},"node_modules/a":{"version":"1.0.0"}}'],
  ])(
    'is not read as one thing by us and as another by npm: a repeated %s is refused',
    async (_, packages) => {
      const text = `{"lockfileVersion":3,"packages":${packages}}`;
      const root = await writeProject({ 'package-lock.json': text });
      await expect(readLockfile({ root, path: 'package-lock.json' })).rejects.toMatchObject({
        code: 'ERR_DEP_LOCKFILE',
      });
    },
  );

  it('cannot reach a prototype', async () => {
    const text =
      '{"lockfileVersion":3,"packages":{"":{"dependencies":{"__proto__":"1"}},"__proto__":{"version":"9"},"node_modules/__proto__":{"version":"1.0.0"},"node_modules/constructor":{"version":"1.0.0"}}}';
    const graph = await readLockfile({
      root: await writeProject({ 'package-lock.json': text }),
      path: 'package-lock.json',
    });
    expect([...graph.packages.values()].map(({ name }) => name)).toEqual([
      '__proto__',
      '__proto__',
      'constructor',
    ]);
    expect(({} as Record<string, unknown>)['version']).toBeUndefined();
  });
});

describe('a lock that is meant to do harm', () => {
  const refused = async (path: string, text: string) => {
    const root = await writeProject({ [path]: text });
    return await readLockfile({ root, path }).then(
      () => 'read',
      (error: unknown) => (error as { code?: string }).code,
    );
  };

  it.each([
    [
      'JSON 129 levels deep',
      'package-lock.json',
      `{"a":${'['.repeat(128)}${']'.repeat(128)}}`,
      'ERR_DEP_LIMIT',
    ],
    ['JSON a million levels deep', 'package-lock.json', `{"a":${'['.repeat(1e6)}`, 'ERR_DEP_LIMIT'],
    [
      'JSON that ends too early',
      'package-lock.json',
      '{"lockfileVersion":3,"packages":{"',
      'ERR_DEP_LOCKFILE',
    ],
    ['YAML 40 levels deep', 'pnpm-lock.yaml', `a: ${'['.repeat(40)}${']'.repeat(40)}\n`, 'ERR_DEP_LOCKFILE'],
    [
      'YAML with aliases',
      'pnpm-lock.yaml',
      'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n',
      'ERR_DEP_LOCKFILE',
    ],
    ['an empty YAML file', 'pnpm-lock.yaml', '', 'ERR_DEP_LOCKFILE'],
    [
      'a Yarn lock with aliases',
      'yarn.lock',
      '__metadata:\n  version: 8\n"a@npm:1": &x\n  version: 1\n"b@npm:1": *x\n',
      'ERR_DEP_LOCKFILE',
    ],
    ['a line of 10 MB', 'yarn.lock', `"a@1":\n  version "${'1'.repeat(10e6)}"\n`, 'ERR_DEP_LIMIT'],
    ['a Yarn lock that is none', 'yarn.lock', '<html>\n  <body/>\n', 'ERR_DEP_LOCKFILE'],
    [
      'an entry twice',
      'yarn.lock',
      'a@1:\n  version "1.0.0"\n\na@1:\n  version "2.0.0"\n',
      'ERR_DEP_LOCKFILE',
    ],
    ['a field twice', 'yarn.lock', 'a@1:\n  version "1.0.0"\n  version "2.0.0"\n', 'ERR_DEP_LOCKFILE'],
    [
      'TOML 40 levels deep',
      'uv.lock',
      `version = 1\na = ${'['.repeat(40)}${']'.repeat(40)}\n`,
      'ERR_DEP_LOCKFILE',
    ],
    ['a TOML key of 10,000 parts', 'poetry.lock', `${'a.'.repeat(9999)}a = 1\n`, 'ERR_DEP_LOCKFILE'],
    ['a requirement of 10 MB', 'requirements.txt', `a==${'1'.repeat(10e6)}\n`, 'ERR_DEP_LIMIT'],
    ['bytes that are no text', 'uv.lock', '\u{D800}', 'read'],
    ['no known name', 'lock.bin', '', 'ERR_DEP_LOCKFILE'],
  ])('%s', async (name, path, text, code) => {
    expect(await refused(path, name === 'bytes that are no text' ? 'version = 1\n' : text)).toBe(code);
  });

  it('a file of more than 32 MiB', async () => {
    expect(await refused('package-lock.json', `{"a":"${'x'.repeat(32 * 1024 * 1024)}"}`)).toBe(
      'ERR_DEP_LIMIT',
    );
  });

  it('a path out of the project', async () => {
    const root = await writeProject({ 'a/package.json': {} });
    await expect(readLockfile({ root: join(root, 'a'), path: '../package.json' })).rejects.toMatchObject({
      code: 'ERR_DEP_UNREADABLE',
    });
  });

  it('packages that need each other in a circle, which is allowed', async () => {
    const graph = await readLockfile({
      root: await writeProject({
        'package-lock.json': {
          lockfileVersion: 3,
          packages: {
            '': { devDependencies: { a: '1' } },
            'node_modules/a': { version: '1.0.0', dependencies: { b: '1', a: '1' } },
            'node_modules/b': { version: '1.0.0', dependencies: { a: '1' } },
          },
        },
      }),
      path: 'package-lock.json',
    });
    expect(summary(graph)).toEqual({ 'a@1.0.0 dev': ['b@1.0.0', 'a@1.0.0'], 'b@1.0.0 dev': ['a@1.0.0'] });
  });
});

describe('a pnpm lock', () => {
  it('with peers, aliases, links and packages of other sources', async () => {
    const lock = `lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      alias: { specifier: npm:real@1.0.0, version: real@1.0.0 }
      local: { specifier: link:../local, version: link:../local }
      view: { specifier: 1.0.0, version: 1.0.0(core@2.0.0) }
      fork: { specifier: github:x/fork, version: https://codeload.github.com/x/fork/tar.gz/abc }
packages:
  core@2.0.0: { resolution: { integrity: sha512-a } }
  real@1.0.0: { resolution: { integrity: sha512-b } }
  view@1.0.0: { resolution: { integrity: sha512-c } }
  fork@https://codeload.github.com/x/fork/tar.gz/abc: { resolution: { tarball: https://codeload.github.com/x/fork/tar.gz/abc }, version: 3.0.0 }
snapshots:
  core@2.0.0: {}
  real@1.0.0: {}
  view@1.0.0(core@2.0.0): { dependencies: { core: 2.0.0 } }
  fork@https://codeload.github.com/x/fork/tar.gz/abc: {}
`;
    const graph = await readLockfile({
      root: await writeProject({ 'pnpm-lock.yaml': lock }),
      path: 'pnpm-lock.yaml',
    });
    expect(graph.problems).toEqual([]);
    expect(summary(graph)).toEqual({
      'core@2.0.0 runtime': [],
      'real@1.0.0 runtime': [],
      'view@1.0.0 runtime': ['core@2.0.0'],
      'fork@3.0.0 runtime': [],
    });
    expect([...graph.packages.values()].map(({ origin }) => origin)).toEqual([
      'registry',
      'registry',
      'registry',
      'url',
    ]);
  });
});

it('knows the members of a workspace of Yarn 1 and what they ask for', async () => {
  const root = await writeProject({
    'yarn.lock':
      '# yarn lockfile v1\n\n\n"@s/b@^1.0.0", "@s/b@^1.1.0":\n  version "1.2.0"\n  resolved "https://registry.yarnpkg.com/@s/b/-/b-1.2.0.tgz#a9993e364706816aba3e25717850c26c9cd0d89d"\n\nc@1:\n  version "1.0.0"\n  dependencies:\n    "@s/b" "^1.0.0"\n',
    'package.json': { workspaces: ['packages/*'], devDependencies: { c: '1' } },
    'packages/x/package.json': { name: 'x', dependencies: { '@s/b': '^1.1.0', y: '1.0.0' } },
    'packages/y/package.json': { name: 'y' },
  });
  const graph = await readLockfile({ root, path: 'yarn.lock' });
  expect(graph.problems).toEqual([]);
  expect(summary(graph)).toEqual({ '@s/b@1.2.0 runtime': [], 'c@1.0.0 dev': ['@s/b@1.2.0'] });
  expect(graph.packages.get('@s/b@^1.0.0')).toMatchObject({
    resolved: 'https://registry.yarnpkg.com/@s/b/-/b-1.2.0.tgz',
    hashes: ['sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0='],
  });
});

it('reads a manifest without a lock as far as it is exact', async () => {
  const root = await writeProject({
    'package.json': { dependencies: { a: '1.2.3', b: '^1.0.0' }, devDependencies: { c: 'npm:d@2.0.0' } },
  });
  const { packages, problems } = await readLockfile({ root, path: 'package.json' });
  expect([...packages.values()]).toMatchObject([
    { name: 'a', version: '1.2.3', position: { line: 3, column: 5 } },
    { name: 'b', version: undefined, origin: 'registry' },
    { name: 'd', version: '2.0.0', scope: 'dev' },
  ]);
  expect(problems).toMatchObject([{ kind: 'unpinned', position: { line: 4 } }]);
});
