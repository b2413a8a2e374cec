import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashRequirements } from './artifacts/hashed-requirements.ts';
import { checkLocks } from './check-locks.ts';
import { policyFileSchema } from './policy-file/policy-schema.ts';
import { readLockfile } from './readers/read-lockfile.ts';
import { writeProject } from './testing/workspace.ts';

const DIGEST = 'a'.repeat(64);
const HASH = `--hash=sha256:${DIGEST}`;

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

async function packagesOf(files: Files): Promise<string[]> {
  const graph = await readLockfile({ root: await writeProject(files), path: Object.keys(files)[0]! });
  return [...graph.packages.values()].map(
    ({ name, version = '?', origin }) => `${name}@${version} ${origin}`,
  );
}

describe('a requirements file', () => {
  const check = (text: string, more: Files = {}) =>
    violationsOf({ 'requirements.txt': `a==1.0 ${HASH}\n${text}\n`, ...more });
  const packages = (text: string, more: Files = {}) => packagesOf({ 'requirements.txt': text, ...more });

  it.each([
    ['harmless options', '--prefer-binary --no-binary :all: --use-feature=x', []],
    ['quoted hashes', `b==1.0 --hash "sha256:${DIGEST}"`, []],
    [
      'a second index behind another option',
      '--prefer-binary --extra-index-url https://x.test',
      ['registry'],
    ],
    ['a second index behind a value', '--no-binary :all: --extra-index-url https://x.test', ['registry']],
    ['an abbreviated second index', '--extra-index https://x.test', ['registry']],
    ['an abbreviated index', '--index=https://x.test', ['registry']],
    ['an abbreviated place to look', '--find https://x.test', ['exotic-source']],
    ['an abbreviated trust', '--trusted x.test', ['https']],
    ['a quoted option', '--extra-"index"-url https://x.test', ['registry']],
    ['an escaped option', '--extra-index-ur\\l https://x.test', ['registry']],
    ['every release', '--all-releases :all:', ['exact-pin']],
  ])('is looked at as pip does: %s', async (_what, text, rules) => {
    expect((await check(text)).map((one) => one.split(' ')[0])).toEqual(rules);
  });

  it.each([
    '--unknown',
    '--pre b==1.0',
    '--requir more.txt',
    '-r more.txt -r more.txt',
    '-r gone"',
    'b==1.0 --pre',
    HASH,
    'b==1.0\t--hash=sha256:aa',
    'b===${VERSION}',
    String.raw`-r "sub\more.txt"`,
  ])('is refused with what pip refuses or passes over: %j', async (text) => {
    await expect(check(text, { 'more.txt': '' })).rejects.toMatchObject({ code: 'ERR_DEP_LOCKFILE' });
  });

  it.each(['-r more.txt', '--prefer-binary -r more.txt', '--requirem more.txt', '-c c.txt'])(
    'includes what pip includes: %s',
    async (line) => {
      expect(await packages(line, { 'more.txt': 'b==1.0', 'c.txt': 'c==2\n-r more.txt' })).toEqual([
        'b@1.0 registry',
      ]);
    },
  );

  it('does not follow an include that the environment decides', async () => {
    expect(await check('-r ${HOME}.txt', { '${HOME}.txt': '' })).toContain('lock-incomplete include');
  });

  it.each(['\n', '\r', '\v', '\f', '\x1C', '\x1D', '\x1E', '\x85', '\u{2028}', '\u{2029}'])(
    'has a new line behind %j, even in a comment',
    async (end) => {
      expect(await packages(`# x${end}b==1.0`)).toEqual(['b@1.0 registry']);
    },
  );

  it.each(['\t', ' ', '\x1F', '\u{A0}', '\u{3000}'])('has no new line behind %j', async (space) => {
    expect(await packages(`# x${space}b==1.0\nc==1.0${space}# d\n`)).toEqual(['c@1.0 registry']);
  });

  it.each([
    ['latin-1', ['b@1.0 registry']],
    ['ISO-8859-1', ['b@1.0 registry']],
    ['windows-1252', []],
  ])('in %s has the lines of that encoding', async (name, expected) => {
    const root = await writeProject({});
    await writeFile(join(root, 'r.txt'), Buffer.from(`# coding: ${name}\n# x\x85b==1.0\n`, 'latin1'));
    const graph = await readLockfile({ root, path: 'r.txt' });
    expect([...graph.packages.values()].map(({ name: found }) => `${found}@1.0 registry`)).toEqual(expected);
  });

  it.each(['iso-8859-9', 'ascii', 'utf-7', 'shift_jis'])(
    'in %s is refused: Python may read it in another way',
    async (name) => {
      await expect(packages(`# coding: ${name}\nb==1.0\n`)).rejects.toMatchObject({
        code: 'ERR_DEP_UNREADABLE',
      });
    },
  );

  it.each([
    ['a==1.0', 'a@1.0'],
    ["a==1.0; os_name == 'nt'", 'a@?'],
    ["a==1.0; os_name == 'nt'\na==2.0; os_name != 'nt'", 'a@?'],
    ['a==1.0\na==2.0', 'a@?'],
    ["a==1.0\na==2.0; os_name == 'nt'", 'a@1.0'],
    ['a @ https://x.test/a-1.0-py3-none-any.whl', 'a@1.0'],
  ])('is pinned by a constraint that always holds: %s', async (constraints, expected) => {
    const files = { 'r.txt': `a ${HASH}\n-c c.txt\n`, 'c.txt': constraints };
    expect((await packagesOf(files)).map((one) => one.split(' ')[0])).toEqual([expected]);
    const isClean = expected === 'a@1.0' && !constraints.includes('@');
    const rules = await violationsOf(files);
    expect(rules.length === 0).toBe(isClean);
  });

  it('is pinned by a constraint of its own marker', async () => {
    const files = { 'r.txt': `a; os_name == 'nt' ${HASH}\n-c c.txt\n`, 'c.txt': "a==1.0; os_name == 'nt'" };
    expect(await violationsOf(files)).toEqual([]);
  });

  it.each(['a @ https://x.test/a-1.0-py3-none-any.whl', 'https://x.test/a-1.0-py3-none-any.whl'])(
    'comes from a constraint that is a URL, though it is pinned: %s',
    async (constraint) => {
      const files = { 'r.txt': `a==1.0 ${HASH}\n-c c.txt\n`, 'c.txt': constraint };
      expect(await packagesOf(files)).toEqual(['a@1.0 url']);
      expect((await violationsOf(files)).map((one) => one.split(' ')[0])).toEqual(['exotic-source']);
    },
  );

  it('may be a file of the folder by its ending, whatever else it looks like', async () => {
    expect(await check('b===1.0.zip')).toEqual(['exotic-source requirement', 'lock-incomplete unread']);
  });

  it('written anew keeps the markers of included files', async () => {
    const root = await writeProject({
      'r.txt': `-r more.txt\na==1.0 ; os_name == 'nt' ${HASH}\n`,
      'more.txt': `b==1.0 ; os_name != 'nt' ${HASH}\n`,
    });
    const { text } = await hashRequirements([await readLockfile({ root, path: 'r.txt' })], { root });
    expect(text.split('\n').filter((line) => line.includes('=='))).toEqual([
      "a==1.0 ; os_name == 'nt' \\",
      "b==1.0 ; os_name != 'nt' \\",
    ]);
  });
});

describe('a configuration of pip', () => {
  it.each([
    ['an allowed index', '[global]\nindex-url = https://pypi.org/simple\n', []],
    ['an indented key', '[global]\n  index-url = https://x.test/simple\n', ['registry index-url']],
    ['a key with hyphens', '[global]\n--index-url = https://x.test\n', ['registry index-url']],
    ['another name', '[global]\npypi_url: https://x.test\n', ['registry pypi-url']],
    ['a key in a row', '[global]\n  pre = 1\n  index-url = http://pypi.org/simple\n', ['https index-url']],
    ['a continued value', '[global]\ntimeout = 1\n  index-url = https://x.test\n', []],
    [
      'a value over lines and a comment',
      '[global]\nindex-url =\n# why\n  https://x.test\n',
      ['registry index-url'],
    ],
    ['a further requirement', '[install]\nrequirement = more.txt\n', ['exotic-source requirement']],
  ])('is read as pip reads it: %s', async (_what, text, rules) => {
    const files = { 'r.txt': `a==1.0 ${HASH}\n` };
    expect(await violationsOf({ ...files, 'pip.conf': text })).toEqual(rules);
  });

  it('counts beside the lock as well as above it', async () => {
    const files = { 'app/r.txt': `a==1.0 ${HASH}\n` };
    const text = '[global]\ntrusted-host = x.test\n';
    for (const path of ['app/pip.conf', 'pip.ini']) {
      expect(await violationsOf({ ...files, [path]: text })).toEqual(['https trusted-host']);
    }
    expect(await violationsOf({ ...files, 'other/pip.conf': text })).toEqual([]);
  });
});

describe('settings of tools for Python', () => {
  const PYPI = 'https://pypi.org/simple';
  it.each([
    ['uv.toml', `index-url = "${PYPI}"\nextra-index-url = []\nindex-strategy = "first-index"\n`, []],
    ['uv.toml', 'index-url = "http://pypi.org/simple"\n', ['https index-url']],
    ['uv.toml', 'extra-index-url = ["https://x.test"]\n', ['registry extra-index-url']],
    ['uv.toml', '[[index]]\nurl = "https://x.test"\ndefault = true\n', ['registry index']],
    ['uv.toml', 'allow-insecure-host = ["pypi.org"]\n', ['https allow-insecure-host']],
    ['uv.toml', 'index-strategy = "unsafe-best-match"\n', ['registry index-strategy']],
    ['uv.toml', 'find-links = ["./wheels"]\n', ['exotic-source find-links']],
    ['uv.toml', '[pip]\nverify-hashes = false\n', ['setting pip.verify-hashes']],
    ['uv.toml', '[pip]\nindex-url = "https://x.test"\n', ['registry pip.index-url']],
    ['pyproject.toml', `[[tool.uv.index]]\nname = "a"\nurl = "${PYPI}/"\nexplicit = true\n`, []],
    ['pyproject.toml', '[[tool.uv.index]]\nurl = "http://x.test"\n', ['https tool.uv.index']],
    ['pyproject.toml', '[tool.uv]\nindex = [{ url = "./here" }]\n', ['registry tool.uv.index']],
    ['pyproject.toml', '[[tool.poetry.source]]\nname = "PyPI"\npriority = "primary"\n', []],
    [
      'pyproject.toml',
      '[[tool.poetry.source]]\nname = "x"\nurl = "https://x.test"\n',
      ['registry tool.poetry.source'],
    ],
    [
      'pyproject.toml',
      `[[tool.pdm.source]]\nname = "a"\nurl = "${PYPI}"\nverify_ssl = false\n`,
      ['https tool.pdm.source.verify_ssl'],
    ],
    ['poetry.toml', '[virtualenvs]\nin-project = true\n', []],
    ['poetry.toml', '[certificates.x]\ncert = false\n', ['https certificates.x.cert']],
    ['pdm.toml', '[python]\nuse_venv = true\n', []],
    ['pdm.toml', '[pypi]\nurl = "https://x.test"\n', ['registry pypi']],
    ['pdm.toml', '[pypi]\nverify_ssl = false\n', ['https pypi.verify_ssl']],
    ['Pipfile', `[[source]]\nurl = "${PYPI}"\nverify_ssl = true\nname = "pypi"\n`, []],
    ['Pipfile', `[[source]]\nurl = "${PYPI}"\nverify_ssl = false\n`, ['https source.verify_ssl']],
    ['Pipfile', '[[source]]\nurl = "http://x.test"\nname = "pypi"\n', ['https source']],
    ['Pipfile.lock', `{"_meta":{"sources":[{"url":"${PYPI}","verify_ssl":true}]}}`, []],
    ['Pipfile.lock', '{"_meta":{"sources":[{"url":"https://x.test"}]}}', ['registry sources']],
  ])('are looked at: %s %j', async (path, text, rules) => {
    expect(await violationsOf({ 'r.txt': `a==1.0 ${HASH}\n`, [path]: text })).toEqual(rules);
  });
});
