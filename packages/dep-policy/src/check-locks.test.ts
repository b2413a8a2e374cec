import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkLocks } from './check-locks.ts';
import { writePins } from './pin-writer.ts';
import { policyFileSchema } from './policy-file/policy-schema.ts';
import { readLockfile } from './readers/read-lockfile.ts';
import { onePackage, sha512, writeProject } from './testing/workspace.ts';

const URL = 'https://registry.npmjs.org/left/-/left-1.2.3.tgz';
const ENTRY = { version: '1.2.3', resolved: URL, integrity: sha512('left'), license: 'MIT' };
const MANIFEST = { name: 'one', version: '1.0.0', dependencies: { left: '1.2.3' } };

async function rulesOf(
  files: Readonly<Record<string, string | object>>,
  lockfile: string,
  policy: object = {},
): Promise<string[]> {
  const root = await writeProject(files);
  const { violations } = await checkLocks({
    root,
    lockfiles: [lockfile],
    policy: policyFileSchema.parse({ version: 1, ...policy }),
  });
  return violations.map(({ rule }) => rule);
}

/** A project of npm with one package; the test changes its entry in the lock, or the manifest. */
function npm(entry: object = {}, manifest: object = MANIFEST, policy: object = {}, more: object = {}) {
  return rulesOf(
    {
      'package.json': manifest,
      'package-lock.json': {
        lockfileVersion: 3,
        packages: { '': MANIFEST, 'node_modules/left': { ...ENTRY, ...entry }, ...more },
      },
    },
    'package-lock.json',
    policy,
  );
}

describe('a lock of npm', () => {
  it('passes when everything is exact, hashed and from the registry', async () => {
    expect(await npm()).toEqual([]);
  });

  // Each of these passes lockfile-lint 5.0.1 with all of its validators.
  it.each([
    ['no integrity', { integrity: undefined }, ['integrity-missing']],
    ['a truncated integrity', { integrity: 'sha512-abc' }, ['integrity-malformed']],
    ['no resolved', { resolved: undefined }, ['registry']],
    ['the URL of another version', { resolved: URL.replaceAll('1.2.3', '1.2.4') }, ['registry']],
  ])('is refused with %s, which lockfile-lint lets pass', async (_what, entry, rules) => {
    expect(await npm(entry)).toEqual(rules);
  });

  // And these it catches too.
  it.each([
    ['http', { resolved: URL.replace('https', 'http') }, ['https']],
    ['a foreign host', { resolved: URL.replace('npmjs.org', 'npmjs.org.evil.test') }, ['registry']],
    [
      'a repository',
      { version: 'git+ssh://git@x.test/left.git#abc', resolved: undefined },
      ['exotic-source', 'lock-mismatch'],
    ],
    ['sha1', { integrity: `sha1-${Buffer.alloc(20).toString('base64')}` }, ['integrity-weak']],
    ['another name', { resolved: URL.replaceAll('left', 'right') }, ['registry']],
    [
      'user info that looks like the registry',
      { resolved: URL.replace('//', '//registry.npmjs.org@evil.test/') },
      ['registry'],
    ],
  ])('is refused with %s', async (_what, entry, rules) => {
    expect((await npm(entry)).filter((rule) => rule !== 'lock-mismatch' || rules.includes(rule))).toEqual(
      rules.filter((rule) => rule !== 'lock-mismatch'),
    );
  });

  it.each(['^1.2.3', '~1.2.3', '1.x', 'latest', '*', '', '1.2.3 || 1.2.4'])(
    'needs exact versions in the manifest: not "%s"',
    async (specifier) => {
      expect(await npm({}, { ...MANIFEST, dependencies: { left: specifier } })).toContain('exact-pin');
    },
  );

  it('takes ranges where the policy asks for nothing else, but not in the focus', async () => {
    const manifest = { ...MANIFEST, dependencies: { left: '^1.0.0' } };
    expect(await npm({}, manifest, { pins: { direct: 'any' } })).toEqual([]);
    expect(await npm({}, manifest, { pins: { direct: 'any' }, focus: ['npm:left'] })).toEqual(['exact-pin']);
  });

  it.each(['git+https://x.test/left.git', 'https://x.test/left.tgz', 'user/left', 'file:../left'])(
    'takes no exotic source: %s',
    async (specifier) => {
      expect(await npm({}, { ...MANIFEST, dependencies: { left: specifier } })).toContain('exotic-source');
    },
  );

  it('is in step: nothing missing, nothing of its own, every version as asked', async () => {
    expect(await npm({}, { ...MANIFEST, dependencies: { left: '1.2.4' } })).toEqual(['lock-mismatch']);
    expect(await npm({}, { ...MANIFEST, dependencies: { left: '1.2.3', right: '1.0.0' } })).toEqual([
      'lock-mismatch',
    ]);
    expect(await npm({}, { ...MANIFEST, dependencies: {} })).toEqual(['lock-mismatch']);
  });

  it('names packages that run scripts, unless the policy does', async () => {
    expect(await npm({ hasInstallScript: true })).toEqual(['install-script']);
    expect(await npm({ hasInstallScript: true }, MANIFEST, { installScripts: ['left'] })).toEqual([]);
  });

  it('looks at licences if the policy does', async () => {
    const licences = ['MIT', 'ISC'];
    expect(await npm({}, MANIFEST, { licences })).toEqual([]);
    expect(await npm({ license: '(GPL-3.0 OR MIT)' }, MANIFEST, { licences })).toEqual([]);
    expect(await npm({ license: 'MIT AND GPL-3.0' }, MANIFEST, { licences })).toEqual(['licence']);
    expect(await npm({ license: undefined }, MANIFEST, { licences })).toEqual(['licence']);
  });

  it('excuses a bundled package from URL and hash only inside of the one that bundles it', async () => {
    const owner = { bundleDependencies: ['in'] };
    const bundled = { version: '1.0.0', inBundle: true };
    const below = (entry: object, more: object = {}) => ({
      'node_modules/left/node_modules/in': entry,
      ...more,
    });
    expect(await npm(owner, MANIFEST, {}, below(bundled))).toEqual([]);
    const needs = { ...bundled, dependencies: { deep: '1' } };
    const deep = { 'node_modules/left/node_modules/deep': bundled };
    expect(await npm(owner, MANIFEST, {}, below(needs, deep))).toEqual([]);
    expect(await npm(owner, MANIFEST, {}, below(bundled, deep))).toEqual(['integrity-missing', 'registry']);
    expect(await npm({}, MANIFEST, {}, below(bundled))).toEqual(['integrity-missing', 'registry']);
    const fetched = { ...bundled, resolved: 'http://evil.test/in.tgz' };
    expect(await npm(owner, MANIFEST, {}, below(fetched))).toEqual(['exotic-source']);
    expect(await npm({ inBundle: true, resolved: undefined, integrity: undefined })).toEqual([
      'integrity-missing',
      'registry',
    ]);
  });
});

describe('a lock of npm for a workspace', () => {
  const root = { name: 'one', workspaces: ['packages/*'], dependencies: { left: '1.2.3', inner: '1.0.0' } };
  const inner = { name: 'inner', version: '1.0.0' };
  const files = (
    packages: object,
    manifest: object = root,
    more: Readonly<Record<string, object>> = { 'packages/inner/package.json': inner },
  ) => ({
    'package.json': manifest,
    'package-lock.json': {
      lockfileVersion: 3,
      packages: { '': manifest, 'node_modules/left': ENTRY, ...packages },
    },
    ...more,
  });
  const linked = {
    'node_modules/inner': { resolved: 'packages/inner', link: true },
    'packages/inner': inner,
  };
  const check = (...args: Parameters<typeof files>) => rulesOf(files(...args), 'package-lock.json');

  it('passes with links to its members', async () => {
    expect(await check(linked)).toEqual([]);
  });

  it('is refused with a link to a folder that is no member', async () => {
    expect(await check(linked, { ...root, workspaces: [] })).toContain('exotic-source');
    const evil = {
      'node_modules/left': { resolved: 'vendor/evil', link: true },
      'vendor/evil': { name: 'left', version: '1.2.3' },
    };
    const manifest = { 'vendor/evil/package.json': { name: 'left', version: '1.2.3' } };
    expect(
      await check({ ...linked, ...evil }, root, { 'packages/inner/package.json': inner, ...manifest }),
    ).toEqual(['exotic-source']);
  });

  it('is refused with a member under the name of another package', async () => {
    const left = { 'node_modules/left': { resolved: 'packages/inner', link: true } };
    expect(await check({ ...linked, ...left })).toContain('lock-incomplete');
    const lie = { 'packages/inner': { ...inner, name: 'left', version: '1.2.3' } };
    expect(await check({ ...linked, ...left, ...lie })).toContain('lock-mismatch');
  });

  it('is refused without one of its members', async () => {
    const bare = { ...root, dependencies: { left: '1.2.3' } };
    expect(await check(linked, bare)).toEqual([]);
    expect(await check({}, bare)).toEqual(['lock-mismatch']);
  });
});

describe('a lock of pnpm', () => {
  it('is checked by the rules for pnpm, with the settings of pnpm', async () => {
    const root = await onePackage();
    const check = (policy: object) =>
      checkLocks({
        root,
        lockfiles: ['pnpm-lock.yaml'],
        policy: policyFileSchema.parse({ version: 1, ...policy }),
      });
    expect((await check({})).violations).toMatchObject([
      { rule: 'setting', package: 'blockExoticSubdeps' },
      { rule: 'setting', package: 'minimumReleaseAge' },
    ]);
  });

  it.each([
    ['enough', 'minimumReleaseAge: 10080\nblockExoticSubdeps: true\n', []],
    ['too young', 'minimumReleaseAge: 10079\nblockExoticSubdeps: true\n', ['minimumReleaseAge']],
    [
      'undone by another setting',
      'minimumReleaseAge: 10080\nblockExoticSubdeps: true\ntrustPolicyIgnoreAfter: 10080\ndangerouslyAllowAllBuilds: true\n',
      ['dangerouslyAllowAllBuilds', 'trustPolicyIgnoreAfter'],
    ],
    [
      'a script',
      'minimumReleaseAge: 10080\nblockExoticSubdeps: true\nallowBuilds:\n  left: true\n  right: false\n',
      ['left'],
    ],
  ])('has settings that are effective: %s', async (_what, text, subjects) => {
    const root = await onePackage({}, { 'pnpm-workspace.yaml': text });
    const { violations } = await checkLocks({
      root,
      lockfiles: ['pnpm-lock.yaml'],
      policy: policyFileSchema.parse({ version: 1 }),
    });
    expect(violations.map((one) => one.package).sort()).toEqual(subjects);
  });

  it('finds a setting in the file where pnpm does not read it', async () => {
    const root = await onePackage(
      {},
      {
        'pnpm-workspace.yaml': 'minimumReleaseAge: 10080\nblockExoticSubdeps: true\n',
        '.npmrc': 'minimum-release-age=10080\n',
      },
    );
    const { violations } = await checkLocks({
      root,
      lockfiles: ['pnpm-lock.yaml'],
      policy: policyFileSchema.parse({ version: 1 }),
    });
    expect(violations).toMatchObject([{ rule: 'setting', file: '.npmrc', line: 1 }]);
  });
});

const HASH = `--hash=sha256:${'a'.repeat(64)}`;

describe('a requirements file', () => {
  const check = (text: string, more: Readonly<Record<string, string>> = {}, policy: object = {}) =>
    rulesOf({ 'requirements.txt': text, ...more }, 'requirements.txt', policy);

  it('passes with exact versions and hashes', async () => {
    expect(await check(`mxnet==1.9.1 ${HASH}\n--require-hashes\n`)).toEqual([]);
    expect(await check(`mxnet==1.9.1\n`, {}, { pins: { hashes: false } })).toEqual([]);
  });

  it.each([
    ['a range', `mxnet>=1.9 ${HASH}`, ['exact-pin']],
    ['a wildcard', `mxnet==1.9.* ${HASH}`, ['exact-pin']],
    ['no version', `mxnet ${HASH}`, ['exact-pin']],
    ['no hash', 'mxnet==1.9.1', ['integrity-missing']],
    ['a weak hash', `mxnet==1.9.1 --hash=md5:${'a'.repeat(32)}`, ['integrity-weak']],
    ['a truncated hash', 'mxnet==1.9.1 --hash=sha256:abc', ['integrity-malformed']],
    ['a repository', 'mxnet @ git+https://x.test/mxnet.git@abc', ['exotic-source']],
    ['an editable folder', '-e ./mxnet#egg=mxnet', ['exotic-source']],
    ['a second index', `--extra-index-url https://pypi.org/simple/`, ['registry']],
    ['another index', `--index-url https://evil.test/simple`, ['registry']],
    ['an index over http', `-i http://pypi.org/simple`, ['https']],
    ['a trusted host', `--trusted-host pypi.org`, ['https']],
    ['pre-releases', '--pre', ['exact-pin']],
    ['another place to look', '--find-links /tmp', ['exotic-source']],
    ['two versions', `mxnet==1.9.1 ${HASH}\nMXNet==1.9.0 ${HASH}`, ['lock-mismatch']],
  ])('is refused with %s', async (_what, text, rules) => {
    expect(await check(`${text}\n`)).toEqual(rules);
  });

  it('never shows the password of an index', async () => {
    const root = await writeProject({ 'requirements.txt': '-i https://user:hunter2@pypi.org/simple\n' });
    const { violations } = await checkLocks({
      root,
      lockfiles: ['requirements.txt'],
      policy: policyFileSchema.parse({ version: 1 }),
    });
    expect(violations).toHaveLength(1);
    expect(JSON.stringify(violations)).not.toContain('hunter2');
  });

  it('has what its .in file asks for, in a version that it asks for', async () => {
    expect(await check(`mxnet==1.9.1 ${HASH}\n`, { 'requirements.in': 'MXNet>=1.9,<2\n' })).toEqual([]);
    expect(await check(`mxnet==1.9.1 ${HASH}\n`, { 'requirements.in': 'mxnet~=2.0\n' })).toEqual([
      'lock-mismatch',
    ]);
    expect(await check(`mxnet==1.9.1 ${HASH}\n`, { 'requirements.in': 'gluoncv\n' })).toEqual([
      'lock-mismatch',
    ]);
  });

  it('is checked together with pip.conf', async () => {
    const conf =
      '[global]\nindex-url = https://pypi.org/simple\nextra-index-url =\n    https://a.test/simple\n    https://b.test/simple\n';
    expect(await check(`mxnet==1.9.1 ${HASH}\n`, { 'pip.conf': conf })).toEqual(['registry', 'registry']);
  });
});

describe('a lock beside a pyproject.toml', () => {
  const lock = (
    version: string,
    url = 'https://files.pythonhosted.org/packages/a/mxnet-1.9.1-py3-none-any.whl',
  ) =>
    `lock-version = "1.0"\n[[packages]]\nname = "mxnet"\nversion = "${version}"\nwheels = [{ url = "${url}", hashes = { sha256 = "${'a'.repeat(64)}" } }]\n`;
  const check = (dependency: string, text = lock('1.9.1')) =>
    rulesOf(
      { 'pylock.toml': text, 'pyproject.toml': `[project]\nname = "p"\ndependencies = ["${dependency}"]\n` },
      'pylock.toml',
    );

  it('has what was asked for, exactly', async () => {
    expect(await check('mxnet==1.9.1')).toEqual([]);
    expect(await check('mxnet>=1.9')).toEqual(['exact-pin']);
    expect(await check('mxnet==1.9.0')).toEqual(['lock-mismatch']);
    expect(await check('gluoncv==0.10.5')).toEqual(['lock-mismatch']);
  });

  it.each([
    ['another host', 'https://evil.test/mxnet-1.9.1-py3-none-any.whl', 'registry'],
    ['another package', 'https://files.pythonhosted.org/a/mxnt-1.9.1-py3-none-any.whl', 'registry'],
    ['another version', 'https://files.pythonhosted.org/a/mxnet-1.9.0-py3-none-any.whl', 'registry'],
    ['http', 'http://files.pythonhosted.org/a/mxnet-1.9.1-py3-none-any.whl', 'https'],
  ])('is refused with a URL of %s', async (_what, url, rule) => {
    expect(await check('mxnet==1.9.1', lock('1.9.1', url))).toEqual([rule]);
  });
});

describe('writing pins', () => {
  it('pins manifest and lock of npm to what is locked, and leaves the rest of the file as it is', async () => {
    const manifest =
      '{\n    "name": "one",\n  "dependencies": { "left":   "^1.0.0" },\n  "scripts": { "left": "^1.0.0" }\n}\n';
    const root = await writeProject({
      'package.json': manifest,
      'package-lock.json': {
        lockfileVersion: 3,
        packages: { '': { name: 'one', dependencies: { left: '^1.0.0' } }, 'node_modules/left': ENTRY },
      },
    });
    const graphs = [await readLockfile({ root, path: 'package-lock.json' })];
    expect(await writePins(root, graphs, true)).toMatchObject({ pinned: [{ from: '^1.0.0', to: '1.2.3' }] });
    expect(await readFile(join(root, 'package.json'), 'utf8')).toBe(manifest);
    await writePins(root, graphs);
    expect(await readFile(join(root, 'package.json'), 'utf8')).toBe(
      manifest.replace('"left":   "^1.0.0"', '"left":   "1.2.3"'),
    );
    const policy = policyFileSchema.parse({ version: 1 });
    expect((await checkLocks({ root, lockfiles: ['package-lock.json'], policy })).violations).toEqual([]);
    const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as object;
    expect(lock).toMatchObject({ packages: { '': { dependencies: { left: '1.2.3' } } } });
  });

  it('pins manifest and lock of pnpm', async () => {
    const root = await onePackage(
      { 'specifier: 1.2.3': "specifier: '>=1'" },
      {
        'package.json': { name: 'one', dependencies: { left: '>=1' } },
        'pnpm-workspace.yaml': 'minimumReleaseAge: 10080\nblockExoticSubdeps: true\n',
      },
    );
    await writePins(root, [await readLockfile({ root, path: 'pnpm-lock.yaml' })]);
    const policy = policyFileSchema.parse({ version: 1 });
    expect((await checkLocks({ root, lockfiles: ['pnpm-lock.yaml'], policy })).violations).toEqual([]);
  });

  it('leaves alone what the lock does not say', async () => {
    const root = await writeProject({
      'package.json': { dependencies: { left: '^1.0.0', git: 'git+https://x.test/a.git' } },
      'package-lock.json': { lockfileVersion: 3, packages: { '': { dependencies: {} } } },
    });
    const result = await writePins(root, [await readLockfile({ root, path: 'package-lock.json' })]);
    expect(result).toEqual({ pinned: [], left: ['package.json: left'], commands: [] });
  });
});
