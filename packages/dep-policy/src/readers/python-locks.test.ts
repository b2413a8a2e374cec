import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DependencyGraph } from '../graph/dependency-graph.ts';
import { writeProject } from '../testing/workspace.ts';
import { openLockFile } from './lock-file.ts';
import { readLockfile } from './read-lockfile.ts';
import { parseRequirements } from './requirements.ts';

const HASH = `sha256:${'a'.repeat(64)}`;

async function read(path: string, files: Readonly<Record<string, string>>): Promise<DependencyGraph> {
  return await readLockfile({ root: await writeProject(files), path });
}

/** `name@version scope origin line` */
function nodes({ packages }: DependencyGraph): string[] {
  return [...packages.values()].map(
    ({ name, version = '?', scope, origin, position }) =>
      `${name}@${version} ${scope} ${origin} ${position.line}`,
  );
}

describe('a requirements file', () => {
  const requirements = async (text: string, files: Readonly<Record<string, string>> = {}) =>
    await read('requirements.txt', { 'requirements.txt': text, ...files });

  it('has requirements in every form', async () => {
    const graph = await requirements(`# comment
Zope.Interface==5.0 ; python_version < "4"   # why
numpy [extra1, extra2] == 1.20.1 \\
    --hash=${HASH} \\
    --hash sha384:${'b'.repeat(96)}
pillow===9.0.0

torch==1.9.1+cu111
requests>=2,<3
foo @ https://example.org/foo-1.0.tar.gz#sha256=${'c'.repeat(64)}
-e git+https://github.com/x/bar.git@v1#egg=bar
https://files.pythonhosted.org/packages/aa/bb/scipy-1.7.0-cp39-cp39-manylinux1_x86_64.whl
./wheels/tqdm-4.0-py3-none-any.whl --hash=${HASH}
six==1.*
`);
    expect(nodes(graph)).toEqual([
      'zope-interface@5.0 runtime registry 2',
      'numpy@1.20.1 runtime registry 3',
      'pillow@9.0.0 runtime registry 6',
      'torch@1.9.1+cu111 runtime registry 8',
      'requests@? runtime registry 9',
      'foo@1.0 runtime url 10',
      'bar@? runtime git 11',
      'scipy@1.7.0 runtime url 12',
      'tqdm@4.0 runtime file 13',
      'six@? runtime registry 14',
    ]);
    expect(graph.packages.get('numpy@1.20.1')?.hashes).toEqual([HASH, `sha384:${'b'.repeat(96)}`]);
    expect(graph.packages.get('foo@1.0')?.hashes).toEqual([`sha256:${'c'.repeat(64)}`]);
    expect(graph.problems.map(({ kind, position }) => `${kind} ${position.line}`)).toEqual([
      'unpinned 9',
      'unpinned 11',
      'unpinned 14',
    ]);
    expect(graph.edges).toBe('none');
  });

  it('includes others, whose lines are theirs', async () => {
    const graph = await requirements('-r sub/more.txt\n--constraint=constraints.txt\nrequests\n', {
      'sub/more.txt': '\nflask==1.0\n-r../last.txt\n',
      'last.txt': 'jinja2==2.0\n',
      'constraints.txt': 'Requests==2.31.0\nnever-asked==1.0\n',
    });
    expect(
      [...graph.packages.values()].map(
        ({ name, version, position: { file, line } }) => `${name} ${version ?? ''} ${file}:${line}`,
      ),
    ).toEqual(['flask 1.0 sub/more.txt:2', 'jinja2 2.0 last.txt:1', 'requests 2.31.0 requirements.txt:3']);
  });

  it('has options, with and without an equals sign', async () => {
    const root = await writeProject({
      'requirements.txt':
        '-i https://a.example/simple\n--extra-index-url=https://b.example\n  --trusted-host b.example\n--require-hashes\n--pre\n-f "./wheels"\n',
    });
    const { options } = await parseRequirements((await openLockFile(root, 'requirements.txt'))!);
    expect(options.map(({ name, value, position }) => [name, value, position.line])).toEqual([
      ['--index-url', 'https://a.example/simple', 1],
      ['--extra-index-url', 'https://b.example', 2],
      ['--trusted-host', 'b.example', 3],
      ['--require-hashes', undefined, 4],
      ['--pre', undefined, 5],
      ['--find-links', './wheels', 6],
    ]);
  });

  it.each([
    ['UTF-16 with its mark', Buffer.from('\u{FEFF}flask==1.0\n', 'utf16le')],
    ['UTF-8 with its mark', Buffer.from('\u{FEFF}flask==1.0\n')],
    ['the encoding that it names', Buffer.from('# -*- coding: latin-1 -*-\nflask==1.0 # \u{E9}\n', 'latin1')],
    ['lines that end with a return', Buffer.from('flask==1.0\r\n')],
  ])('may be in %s', async (_, bytes) => {
    const root = await writeProject({});
    await writeFile(join(root, 'requirements.txt'), bytes);
    const graph = await readLockfile({ root, path: 'requirements.txt' });
    expect([...graph.packages.keys()]).toEqual(['flask@1.0']);
  });

  it('may have the same package under different markers', async () => {
    const graph = await requirements(
      "a==1.0; os_name == 'nt'\na==2.0; os_name != 'nt'\na==2.0; extra == 'x'\n",
    );
    expect([...graph.packages.keys()]).toEqual(['a@1.0', 'a@2.0', 'a@2.0 (2)']);
  });

  it('is incomplete with an include by URL', async () => {
    expect((await requirements('-r https://example.org/more.txt\n')).problems).toMatchObject([
      { kind: 'unread', position: { line: 1 } },
    ]);
  });

  it.each([
    ['includes itself', '-r requirements.txt\n', 'ERR_DEP_LOCKFILE'],
    ['includes what is not there', '-r gone.txt\n', 'ERR_DEP_LOCKFILE'],
    ['leads out of the project', '-r ../../etc/passwd\n', 'ERR_DEP_UNREADABLE'],
    ['leads to the root of the file system', '-r /etc/passwd\n', 'ERR_DEP_UNREADABLE'],
    ['has a line that is none', 'flask==1.0\n!!!\n', 'ERR_DEP_LOCKFILE'],
    ['is a web page', '<html><title>Not found</title></html>\n', 'ERR_DEP_LOCKFILE'],
  ])('that %s is refused', async (_, text, code) => {
    await expect(requirements(text)).rejects.toMatchObject({ code });
  });

  it('that includes 65 files is refused, and 63 are read', async () => {
    const files = (count: number) => ({
      'requirements.txt': Array.from({ length: count }, (_, at) => `-r r${at}.txt\n`).join(''),
      ...Object.fromEntries(Array.from({ length: count }, (_, at) => [`r${at}.txt`, `p${at}==1\n`])),
    });
    expect((await read('requirements.txt', files(63))).packages.size).toBe(63);
    await expect(read('requirements.txt', files(64))).rejects.toMatchObject({ code: 'ERR_DEP_LIMIT' });
  });
});

it('reads pylock.toml', async () => {
  const graph = await read('pylock.toml', {
    'pylock.toml': `lock-version = "1.0"
created-by = "hand"
extras = ["x"]

[[packages]]
name = "attrs"
version = "25.1.0"
dependencies = [{ name = "cattrs", version = "24.1.2" }]
wheels = [
  { name = "attrs-25.1.0-py3-none-any.whl", url = "https://files.pythonhosted.org/attrs-25.1.0-py3-none-any.whl", hashes = { sha256 = "${'a'.repeat(64)}" } },
]

[[packages]]
name = "cattrs"
version = "24.1.2"
sdist = { name = "cattrs-24.1.2.tar.gz", hashes = { sha512 = "bb" } }

[[packages]]
name = "tool"
version = "1.0"
marker = "'dev' in dependency_groups"

[[packages]]
name = "repo"
vcs = { type = "git", url = "https://example.org/repo", commit-id = "abc" }
`,
  });
  expect(nodes(graph)).toEqual([
    'attrs@25.1.0 runtime registry 5',
    'cattrs@24.1.2 runtime registry 13',
    'tool@1.0 dev registry 18',
    'repo@? runtime git 23',
  ]);
  expect(graph.packages.get('attrs@25.1.0')).toMatchObject({
    hashes: [HASH],
    dependencies: [{ to: 'cattrs@24.1.2' }],
  });
  expect(graph.roots[0]?.dependencies.map(({ to }) => to)).toEqual(['attrs@25.1.0', 'tool@1.0', 'repo@']);
});

it('reads uv.lock', async () => {
  const graph = await read('uv.lock', {
    'uv.lock': `version = 1
revision = 2
requires-python = ">=3.9"

[[package]]
name = "service"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "numpy", version = "1.26.4", source = { registry = "https://pypi.org/simple" }, marker = "python_full_version < '3.10'" },
    { name = "pillow", extra = ["xmp"] },
]

[package.optional-dependencies]
gpu = [{ name = "torch" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]

[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://pypi.org/simple" }
sdist = { url = "https://files.pythonhosted.org/numpy-1.26.4.tar.gz", hash = "${HASH}", size = 1 }

[[package]]
name = "numpy"
version = "2.0.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "pillow"
version = "9.0.0"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://files.pythonhosted.org/p.whl", hash = "${HASH}" }]

[package.optional-dependencies]
xmp = [{ name = "defusedxml" }]

[[package]]
name = "defusedxml"
version = "0.7.1"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "torch"
version = "2.0.0"
source = { git = "https://github.com/x/torch?rev=1#abc" }

[[package]]
name = "pytest"
version = "8.0.0"
source = { registry = "https://pypi.org/simple" }
`,
  });
  expect(graph.problems).toEqual([]);
  expect(nodes(graph)).toEqual([
    'service@0.1.0 runtime file 5',
    'numpy@1.26.4 runtime registry 20',
    'numpy@2.0.0 runtime registry 26',
    'pillow@9.0.0 runtime registry 31',
    'defusedxml@0.7.1 runtime registry 40',
    'torch@2.0.0 optional git 45',
    'pytest@8.0.0 dev registry 50',
  ]);
});

const POETRY = `# generated
[[package]]
name = "PyYAML"
version = "5.3"
description = """
[[package]]
not a header
"""
optional = false
python-versions = "*"
groups = ["main"]
files = [{ file = "PyYAML-5.3.tar.gz", hash = "${HASH}" }]

[[package]]
name = "pytest"
version = "8.0.0"
optional = false
groups = ["dev"]
files = []

[package.dependencies]
pyyaml = ">=5"
colorama = { version = "*", markers = "sys_platform == 'win32'" }

[metadata]
lock-version = "2.1"
content-hash = "x"
`;

it('reads poetry.lock, with and without its project', async () => {
  const alone = await read('poetry.lock', { 'poetry.lock': POETRY });
  expect(nodes(alone)).toEqual(['pyyaml@5.3 dev registry 2', 'pytest@8.0.0 dev registry 14']);
  expect(alone).toMatchObject({ formatVersion: '2.1', problems: [] });
  const project =
    '[tool.poetry.dependencies]\npython = "^3.9"\nPyYAML = "5.3"\n[tool.poetry.group.dev.dependencies]\npytest = "*"\n';
  const graph = await read('poetry.lock', { 'poetry.lock': POETRY, 'pyproject.toml': project });
  expect(nodes(graph)).toEqual(['pyyaml@5.3 runtime registry 2', 'pytest@8.0.0 dev registry 14']);
  expect(graph.packages.get('pyyaml@5.3')?.hashes).toEqual([HASH]);
});

it('reads pdm.lock', async () => {
  const graph = await read('pdm.lock', {
    'pdm.lock': `[metadata]
groups = ["default", "test"]
lock_version = "4.5.0"

[[package]]
name = "flask"
version = "2.0.0"
groups = ["default"]
dependencies = ["Jinja2>=3.0", "importlib-metadata; python_version < '3.10'"]
files = [{file = "Flask-2.0.0.whl", hash = "${HASH}"}]

[[package]]
name = "jinja2"
version = "3.0.0"
groups = ["default"]
files = []

[[package]]
name = "mine"
version = "1.0"
git = "https://example.org/mine.git"
groups = ["test"]
`,
    'pyproject.toml':
      '[project]\ndependencies = ["flask"]\n[tool.pdm.dev-dependencies]\ntest = ["mine @ git+https://example.org/mine.git"]\n',
  });
  expect(graph.problems).toEqual([]);
  expect(nodes(graph)).toEqual([
    'flask@2.0.0 runtime registry 5',
    'jinja2@3.0.0 runtime registry 12',
    'mine@1.0 dev git 18',
  ]);
});

it('reads Pipfile.lock', async () => {
  const graph = await read('Pipfile.lock', {
    'Pipfile.lock': `${JSON.stringify(
      {
        _meta: { 'pipfile-spec': 6, sources: [] },
        default: {
          Flask: { version: '==2.0.0', hashes: [HASH], index: 'pypi' },
          odd: { git: 'https://example.org/odd.git', ref: 'abc' },
        },
        develop: { pytest: { version: '==8.0.0' } },
      },
      null,
      4,
    )}\n`,
  });
  expect(nodes(graph)).toEqual([
    'flask@2.0.0 runtime registry 7',
    'odd@? runtime git 14',
    'pytest@8.0.0 dev registry 20',
  ]);
  expect(graph).toMatchObject({ formatVersion: '6', edges: 'none' });
});

it.each([
  ['pylock.toml', 'lock-version = "2.0"\n'],
  ['uv.lock', 'version = 2\n'],
  ['uv.lock', 'version = 1\n[[package]]\nversion = "1"\n'],
  ['poetry.lock', 'package = 1\n'],
  ['poetry.lock', 'not toml\n'],
  ['Pipfile.lock', '{"default":[]}'],
  ['Pipfile.lock', '{"default":{"a":{},"a":{}}}'],
])('refuses a %s that reads %j', async (path, text) => {
  await expect(read(path, { [path]: text })).rejects.toMatchObject({ code: 'ERR_DEP_LOCKFILE' });
});
