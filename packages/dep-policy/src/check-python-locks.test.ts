import { describe, expect, it } from 'vitest';
import { checkLocks } from './check-locks.ts';
import { policyFileSchema } from './policy-file/policy-schema.ts';
import { readLockfile } from './readers/read-lockfile.ts';
import { writeProject } from './testing/workspace.ts';

const DIGEST = 'a'.repeat(64);

type Files = Readonly<Record<string, string>>;

/** `rule subject`, of a lock that is the first of the files. */
async function violationsOf(files: Files, policy: object = {}): Promise<string[]> {
  const root = await writeProject(files);
  const { violations } = await checkLocks({
    root,
    lockfiles: [Object.keys(files)[0]!],
    policy: policyFileSchema.parse({ version: 1, ...policy }),
  });
  return violations.map(({ rule, package: subject }) => `${rule} ${subject}`);
}

describe('archives of a Python lock', () => {
  const BASE = 'https://files.pythonhosted.org/packages/aa/bb';
  const SDIST = `{ url = "${BASE}/some_name-1.0.tar.gz", hash = "sha256:${DIGEST}" }`;
  const WHEEL = `${BASE}/Some.Name-1.0-py3-none-any.whl`;
  const uv = (source: string, rest: string) =>
    `version = 1\n[[package]]\nname = "some-name"\nversion = "1.0"\nsource = { ${source} }\n${rest}\n`;
  const HASHES = `hashes = { sha256 = "${DIGEST}" }`;
  const pylock = (rest: string) =>
    `lock-version = "1.0"\n[[packages]]\nname = "some-name"\nversion = "1.0"\n${rest}\n`;
  const PYPI = 'registry = "https://pypi.org/simple"';
  const list = (files: string, more = '') =>
    `[[package]]\nname = "some-name"\nversion = "1.0"\nfiles = [${files}]\n${more}\n`;
  const FILE = `{ file = "some-name-1.0.zip", hash = "sha256:${DIGEST}" }`;

  it.each([
    ['uv.lock', uv(PYPI, `sdist = ${SDIST}`), []],
    ['uv.lock', uv(PYPI, `sdist = ${SDIST}\nwheels = [{ url = "${WHEEL}", hash = "sha256:${DIGEST}" }]`), []],
    ['uv.lock', uv(PYPI, `sdist = ${SDIST}\nwheels = [{ url = "${WHEEL}" }]`), ['integrity-missing']],
    [
      'uv.lock',
      uv(PYPI, `wheels = [${SDIST}, { url = "${WHEEL.replace('1.0', '1.1')}", hash = "sha256:${DIGEST}" }]`),
      ['registry'],
    ],
    [
      'uv.lock',
      uv(
        PYPI,
        `sdist = ${SDIST}\nwheels = [{ url = "${WHEEL.replace('https', 'http')}", hash = "sha256:${DIGEST}" }]`,
      ),
      ['https'],
    ],
    [
      'uv.lock',
      uv(PYPI, `sdist = ${SDIST}\nwheels = [{ path = "some_name-1.0.whl", hash = "sha256:${DIGEST}" }]`),
      ['exotic-source'],
    ],
    ['uv.lock', uv('registry = "http://pypi.org/simple"', `sdist = ${SDIST}`), ['https']],
    ['uv.lock', uv('registry = "https://x.test/simple"', `sdist = ${SDIST}`), ['registry']],
    ['uv.lock', uv('registry = "./wheels"', `sdist = ${SDIST}`), ['registry']],
    [
      'pylock.toml',
      pylock(`index = "https://pypi.org/simple/"\nwheels = [{ url = "${WHEEL}", ${HASHES} }]`),
      [],
    ],
    ['pylock.toml', pylock(`wheels = [{ url = "${WHEEL}", hashes = {} }]`), ['integrity-missing']],
    [
      'pylock.toml',
      pylock(`index = "https://x.test/simple"\nwheels = [{ url = "${WHEEL}", ${HASHES} }]`),
      ['registry'],
    ],
    [
      'pylock.toml',
      pylock(
        `wheels = [{ url = "${WHEEL}", ${HASHES} }, { path = "./Some.Name-1.0-py3-none-any.whl", ${HASHES} }]`,
      ),
      ['exotic-source'],
    ],
    [
      'pylock.toml',
      pylock(`wheels = [{ name = "other-1.0-py3-none-any.whl", url = "${WHEEL}", ${HASHES} }]`),
      ['registry'],
    ],
    ['poetry.lock', list(FILE), []],
    ['poetry.lock', list(`${FILE}, { file = "some_name-1.0-py2.7.egg", hash = "md5:aa" }`), []],
    ['poetry.lock', list(`${FILE}, { file = "some_name-1.0.tar.gz" }`), ['integrity-missing']],
    ['poetry.lock', list(`${FILE}, { file = "other-1.0.zip", hash = "sha256:${DIGEST}" }`), ['registry']],
    [
      'poetry.lock',
      list(FILE, '[package.source]\ntype = "legacy"\nurl = "https://pypi.org/simple"\nreference = "x"'),
      [],
    ],
    [
      'poetry.lock',
      list(FILE, '[package.source]\ntype = "legacy"\nurl = "https://x.test/simple"\nreference = "x"'),
      ['registry'],
    ],
    ['poetry.lock', list(FILE, '[package.source]\ntype = "new"\nurl = "https://x.test"'), ['exotic-source']],
    ['pdm.lock', list(FILE), []],
    ['pdm.lock', list(`{ url = "${WHEEL}", hash = "sha256:${DIGEST}" }`), []],
    [
      'pdm.lock',
      list(`{ url = "http://x.test/some_name-1.0.tar.gz", hash = "sha256:${DIGEST}" }`),
      ['https'],
    ],
    [
      'pdm.lock',
      list(`${FILE}, { url = "https://x.test/some_name-1.0.tar.gz", hash = "sha256:${DIGEST}" }`),
      ['registry'],
    ],
  ])('are all looked at: %s %j', async (path, text, rules) => {
    expect((await violationsOf({ [path]: text })).map((one) => one.split(' ')[0])).toEqual(rules);
  });

  it('may have a hyphen in the version of an old sdist, and none that cuts another name', async () => {
    const sdist = (version: string, file: string) =>
      list(`{ file = "${file}", hash = "sha256:${DIGEST}" }`).replace('"1.0"', `"${version}"`);
    expect(await violationsOf({ 'poetry.lock': sdist('1.0b1', 'some-name-1.0-beta1.tar.gz') })).toEqual([]);
    expect(await violationsOf({ 'poetry.lock': sdist('1.0.post1', 'some-name-1.0-1.tar.gz') })).toEqual([]);
    expect(await violationsOf({ 'poetry.lock': sdist('1.0', 'some-name-x-1.0.tar.gz') })).toHaveLength(1);
  });
});

it.each([
  ['some_name-1.0-py3-none-any.whl', []],
  ['some-name-1.0.tar.gz', []],
  ['odd.tar.gz', []],
  ['some_name-1.1-py3-none-any.whl', ['conflict']],
  ['other-1.0.tar.gz', ['conflict']],
])('a lock whose archive is %s is incomplete if that is another package or version', async (file, kinds) => {
  const text = `[[package]]\nname = "Some_Name"\nversion = "1.0"\nfiles = [{ file = "${file}" }]\n`;
  const root = await writeProject({ 'poetry.lock': text });
  const { problems } = await readLockfile({ root, path: 'poetry.lock' });
  expect(problems.map(({ kind }) => kind)).toEqual(kinds);
});

describe('a folder in a Python lock', () => {
  const uv = (source: string) =>
    `version = 1\n[[package]]\nname = "root"\nversion = "0"\nsource = { virtual = "." }\n` +
    `[[package]]\nname = "some-name"\nversion = "1.0"\nsource = { ${source} }\n`;
  const pylock = (path: string) =>
    `lock-version = "1.0"\n[[packages]]\nname = "some-name"\nversion = "1.0"\ndirectory = { path = "${path}" }\n`;
  const workspace = (members: string, more = '') => `[tool.uv.workspace]\nmembers = ["${members}"]\n${more}`;

  it.each([
    ['uv.lock', uv('editable = "."'), '', []],
    ['uv.lock', uv('directory = "./libs/a/"'), workspace('libs/*'), []],
    ['uv.lock', uv('editable = "libs/a"'), workspace('libs/a'), []],
    ['uv.lock', uv('virtual = "libs/a"'), workspace('libs/*', 'exclude = ["libs/a"]'), ['exotic-source']],
    ['uv.lock', uv('editable = "libs/a"'), workspace('apps/*'), ['exotic-source']],
    ['uv.lock', uv('editable = "libs/a"'), workspace('libs/[ab]'), ['exotic-source']],
    ['uv.lock', uv('directory = "../a"'), workspace('**'), ['exotic-source']],
    ['uv.lock', uv('directory = "vendor/some-name"'), '', ['exotic-source']],
    ['uv.lock', uv('path = "vendor/some_name-1.0-py3-none-any.whl"'), '', ['exotic-source']],
    ['uv.lock', uv('path = ""'), '', ['exotic-source']],
    ['pdm.lock', '[[package]]\nname = "some-name"\nversion = "1.0"\npath = ""\n', '', ['exotic-source']],
    ['Pipfile.lock', '{"default":{"some-name":{"path":""}}}', '', ['exotic-source']],
    ['pylock.toml', pylock('.'), '', []],
    ['pylock.toml', pylock('./libs/a'), workspace('libs/*'), []],
    ['pylock.toml', pylock('./libs/a'), '', ['exotic-source']],
  ])('is the project’s own only as a member of it: %s %j', async (path, text, project, rules) => {
    const files = { [path]: text, 'pyproject.toml': project };
    expect((await violationsOf(files)).map((one) => one.split(' ')[0])).toEqual(rules);
    const graph = await readLockfile({ root: await writeProject(files), path });
    const resolved = [...graph.packages.values()].find(({ name }) => name === 'some-name')?.resolved;
    // A package without a place of its own is not looked up among the advisories.
    expect(resolved === undefined).toBe(rules.length === 0);
  });
});

it.each([
  ["'x' in extras", 'optional'],
  ["'x' not in extras", 'runtime'],
  ["'x' in dependency_groups", 'dev'],
  ["'x' not  in dependency_groups", 'runtime'],
  ["'base' in dependency_groups", 'runtime'],
  ["'x' in extras or os_name == 'nt'", 'runtime'],
  ["os_name != ' in extras'", 'runtime'],
  ["os_name != 'not' and 'x' in extras", 'optional'],
])('a package of pylock.toml with the marker %s is for %s', async (marker, scope) => {
  const text = `lock-version = "1.0"\ndefault-groups = ["base"]\n[[packages]]\nname = "a"\nmarker = "${marker}"\n`;
  const root = await writeProject({ 'pylock.toml': text });
  const graph = await readLockfile({ root, path: 'pylock.toml' });
  expect([...graph.packages.values()].map((node) => node.scope)).toEqual([scope]);
});

describe('a manifest of Python', () => {
  const hash = `hash = "sha256:${DIGEST}"`;
  const entry = (name: string, version: string) =>
    `[[package]]\nname = "${name}"\nversion = "${version}"\nfiles = [{ file = "${name}-${version}.tar.gz", ${hash} }]\n`;
  const poetry = (more = '') => ({ 'poetry.lock': `${entry('a', '1.0')}${more}` });
  const check = (pyproject: string, lock: Files = poetry()) =>
    violationsOf({ ...lock, 'pyproject.toml': pyproject });
  const table = (written: string) => `[tool.poetry.dependencies]\npython = "^3.9"\na = ${written}\n`;

  it.each([
    ['"1.0"', []],
    ['"==1.0"', []],
    ['{ version = "1.0", extras = ["x"] }', []],
    ['"*"', ['exact-pin a']],
    ['"^1.0"', ['exact-pin a']],
    ['"~1"', ['exact-pin a']],
    ['"1.*"', ['exact-pin a']],
    ['">=0.9 <2"', ['exact-pin a']],
    ['"^1 || ^2"', ['exact-pin a']],
    ['"==2.0"', ['lock-mismatch a']],
    ['"^2 || ^3"', ['exact-pin a', 'lock-mismatch a']],
    ['">=1.1, <2"', ['exact-pin a', 'lock-mismatch a']],
    ['{ version = "2.0" }', ['lock-mismatch a']],
    ['{ git = "https://x.test/a.git" }', ['exotic-source a']],
    ['{ path = "../a" }', ['exotic-source a']],
    ['[{ version = "1.0", python = "<4" }]', []],
    ['[{ version = "1.0", python = "<4" }, { version = "2.0", python = ">=4" }]', ['exact-pin a']],
  ])('of Poetry asks exactly, and for what is locked: a = %s', async (written, rules) => {
    expect(await check(table(written))).toEqual(rules);
  });

  it.each([
    ['an exact group', '[dependency-groups]\ndev = ["a==1.0", { include-group = "x" }]\nx = []\n', []],
    ['a loose group', '[dependency-groups]\ndev = ["a>0.5"]\n', ['exact-pin a']],
    ['a group out of step', '[dependency-groups]\ndev = ["a==2.0"]\n', ['lock-mismatch a']],
    ['a group with a URL', '[dependency-groups]\ndev = ["a @ https://x.test/a.whl"]\n', ['exotic-source a']],
    ['a group with no requirement', '[dependency-groups]\ndev = ["-e ."]\n', ['exotic-source dev']],
    ['a loose extra', '[project.optional-dependencies]\nx = ["a"]\n', ['exact-pin a']],
    ['an extra out of step', '[project.optional-dependencies]\nx = ["a==2.0"]\n', ['lock-mismatch a']],
    ['an extra that is not locked', '[project.optional-dependencies]\nx = ["b==2.0"]\n', []],
    [
      'extras of its own',
      '[project]\nname = "My.Own"\n[project.optional-dependencies]\nx = ["a==1.0"]\nall = ["my-own[x]"]\n',
      [],
    ],
    [
      'loose packages of Poetry for development',
      '[tool.poetry.group.dev.dependencies]\na = "*"\n',
      ['exact-pin a'],
    ],
    ['loose packages of PDM', '[tool.pdm.dev-dependencies]\ntest = ["a"]\n', ['exact-pin a']],
    ['loose packages of uv', '[tool.uv]\ndev-dependencies = ["a"]\n', ['exact-pin a']],
    [
      'a source for what is asked for already',
      '[project]\ndependencies = ["a==1.0"]\n[tool.poetry.dependencies]\na = { source = "x" }\n',
      [],
    ],
    [
      'versions under markers of which one is locked',
      `[project]\ndependencies = ["a==1.0; python_version>='3'", "a==0.9; python_version<'3'"]\n`,
      [],
    ],
    [
      'a version under a marker',
      `[project]\ndependencies = ["a==0.9; os_name=='nt'"]\n`,
      ['lock-mismatch a'],
    ],
  ])('is looked at in all of its lists: %s', async (_what, text, rules) => {
    expect(await check(text)).toEqual(rules);
  });

  it('names members of the workspace without a version', async () => {
    const project = '[project]\nname = "root"\ndependencies = ["lib"]\n';
    const lock = {
      'uv.lock':
        'version = 1\n[[package]]\nname = "root"\nsource = { virtual = "." }\n' +
        '[[package]]\nname = "lib"\nsource = { editable = "lib" }\n',
    };
    expect(await check(`${project}[tool.uv.workspace]\nmembers = ["lib"]\n`, lock)).toEqual([]);
    expect(await check(project, lock)).toContain('exact-pin lib');
  });

  it('may have groups that a pylock.toml was not made for', async () => {
    const text = '[dependency-groups]\ndev = ["b==1.0"]\n';
    expect(await check(text, { 'pylock.toml': 'lock-version = "1.0"\n' })).toEqual([]);
    expect(await check(text)).toContain('lock-mismatch b');
  });

  it.each([
    ['[packages]\na = "==1.0"\n[dev-packages]\nb = "==1.0"\n[requires]\npython_version = "3.9"\n', []],
    ['[packages]\na = { version = "==1.0", extras = ["x"] }\n', []],
    ['[packages]\na = "*"\n', ['exact-pin a']],
    ['[packages]\na = { version = ">=1" }\n', ['exact-pin a']],
    ['[packages]\na = "==2.0"\n', ['lock-mismatch a']],
    ['[packages]\nb = "==1.0"\n', ['lock-mismatch b']],
    ['[dev-packages]\na = "==1.0"\n', ['lock-mismatch a']],
    ['[docs]\nc = "==1.1"\n', ['lock-mismatch c']],
    ['[packages]\na = { git = "https://x.test/a.git", ref = "x" }\n', ['exotic-source a']],
  ])('of Pipenv asks for what is in the same category of the lock: %j', async (text, rules) => {
    const one = (version: string) => ({ version: `==${version}`, hashes: [`sha256:${DIGEST}`] });
    const lock = { default: { a: one('1.0') }, develop: { b: one('1.0') }, docs: { c: one('1.0') } };
    expect(await violationsOf({ 'Pipfile.lock': JSON.stringify(lock), Pipfile: text })).toEqual(rules);
  });
});
