import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkLocks } from '../check-locks.ts';
import { policyFileSchema } from '../policy-file/policy-schema.ts';
import { sha512, writeProject } from '../testing/workspace.ts';
import { readLockfile } from './read-lockfile.ts';

/** Packages as `name@version`, then kinds of problems, then rules that are broken. */
async function outcome(root: string, path = 'yarn.lock'): Promise<string[]> {
  const { packages, problems } = await readLockfile({ root, path });
  const policy = policyFileSchema.parse({ version: 1 });
  const { violations } = await checkLocks({ root, lockfiles: [path], policy });
  return [
    ...[...packages.values()].flatMap(({ name, version }) =>
      version === undefined ? [] : [`${name}@${version}`],
    ),
    ...problems.map(({ kind }) => kind),
    ...violations.map(({ rule }) => rule),
  ];
}

describe('a lock of Yarn 4', () => {
  const CHECKSUM = `10c0/${'a'.repeat(128)}`;

  /** A project that asks for `left`, locked by one entry. */
  async function berry({
    key = 'left@npm:1.2.3',
    resolution = 'left@npm:1.2.3',
    version = '1.2.3',
    more = '',
  }) {
    const hash = more.includes('conditions') ? '' : `  checksum: ${CHECKSUM}\n`;
    const range = key.slice(key.indexOf('@') + 1);
    const field = more.includes('optional') ? 'optionalDependencies' : 'dependencies';
    const meta = more.includes('optional') ? '  dependenciesMeta:\n    left:\n      optional: true\n' : '';
    return await outcome(
      await writeProject({
        'package.json': {
          name: 'app',
          [field]: { left: range.startsWith('patch:') ? '1.2.3' : range.replace(/^npm:(?=\d)/, '') },
        },
        'yarn.lock': `__metadata:\n  version: 8\n\n"app@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "app@workspace:."\n  dependencies:\n    left: "${range}"\n${meta}\n"${key}":\n  version: ${version}\n  resolution: "${resolution}"\n${more.replace('optional', '')}${hash}`,
      }),
    );
  }

  it('passes with the version that it resolves, also under an alias', async () => {
    expect(await berry({})).toEqual(['left@1.2.3']);
    expect(await berry({ key: 'left@npm:right@1.2.3', resolution: 'right@npm:1.2.3' })).toEqual([
      'right@1.2.3',
    ]);
  });

  it('has the version that Yarn would install, whatever else it says', async () => {
    expect(await berry({ version: '1.2.4' })).toEqual(['left@1.2.3', 'conflict', 'lock-incomplete']);
  });

  it('has the package that is asked for', async () => {
    expect(await berry({ resolution: 'evil@npm:1.2.3' })).toContain('conflict');
    expect(await berry({ key: 'left@npm:right@1.2.3', resolution: 'evil@npm:1.2.3' })).toContain('conflict');
  });

  it.each([
    ['https://registry.yarnpkg.com/left/-/left-1.2.3.tgz', []],
    ['https://registry.npmjs.org/left/-/left-1.2.3.tgz', []],
    ['https://evil.test/left/-/left-1.2.3.tgz', ['registry']],
    ['http://registry.npmjs.org/left/-/left-1.2.3.tgz', ['https']],
  ])('may take its archive from the registry: %s', async (url, rules) => {
    const resolution = `left@npm:1.2.3::__archiveUrl=${encodeURIComponent(url)}`;
    expect(await berry({ resolution })).toEqual(['left@1.2.3', ...rules]);
  });

  it('may bind nothing else to a version', async () => {
    const evil = encodeURIComponent('https://evil.test/left.tgz');
    const good = encodeURIComponent('https://registry.npmjs.org/left/-/left-1.2.3.tgz');
    for (const binding of [`__archiveUrl=${good}&__archiveUrl=${evil}`, 'other=1'])
      expect(await berry({ resolution: `left@npm:1.2.3::${binding}` })).toContain('exotic-source');
  });

  it.each([
    ['one of Yarn', 'left@npm%3A1.2.3#optional!builtin<compat/left>::version=1.2.3&hash=abc', []],
    ['one of Yarn 3', 'left@npm%3A1.2.3#~builtin<compat/left>::version=1.2.3&hash=abc', []],
    ['one of the project', 'left@npm%3A1.2.3#~/.yarn/patches/l.patch::version=1.2.3&hash=abc', ['https']],
    ['both', 'left@npm%3A1.2.3#~builtin<compat/left>&./l.patch::version=1.2.3', ['https']],
    ['one for another version', 'left@npm%3A1.2.2#~builtin<compat/left>::version=1.2.3', ['lock-incomplete']],
    ['one for another package', 'evil@npm%3A1.2.3#~builtin<compat/left>::version=1.2.3', ['exotic-source']],
    ['one for another source', 'left@https%3A//evil.test/l.tgz#~builtin<compat/left>', ['exotic-source']],
  ])('has patches that come with Yarn: %s', async (_what, reference, rules) => {
    const key = 'left@patch:left@npm%3A1.2.3#optional!builtin<compat/left>';
    const found = await berry({ key, resolution: `left@patch:${reference}` });
    expect(found.filter((rule) => ['https', 'exotic-source', 'lock-incomplete'].includes(rule))).toEqual(
      rules,
    );
  });

  it('needs a checksum, but not of what is optional and for some systems only', async () => {
    const more = '  conditions: os=darwin\n';
    expect(await berry({ more: `${more}optional` })).toEqual(['left@1.2.3']);
    expect(await berry({ more })).toEqual(['left@1.2.3', 'integrity-missing']);
  });

  it('passes as Yarn wrote it, with a patch and conditions', async () => {
    const root = await mkdtemp(join(tmpdir(), 'dep-policy-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    await cp(join(import.meta.dirname, '__fixtures__', 'berry'), root, { recursive: true });
    expect((await outcome(root)).filter((one) => !one.includes('@'))).toEqual([]);
  });
});

describe('a lock of Yarn 1', () => {
  const entry = (key: string, more = '', name = 'left', registry = 'https://registry.yarnpkg.com') =>
    `# yarn lockfile v1\n\n\n${key}:\n${more}  version "1.2.3"\n  resolved "${registry}/${name}/-/${name}-1.2.3.tgz#${'a'.repeat(40)}"\n  integrity ${sha512('left')}\n`;
  const classic = async (text: string, left = '1.2.3') =>
    await outcome(
      await writeProject({ 'yarn.lock': text, 'package.json': { name: 'app', dependencies: { left } } }),
    );

  it('passes with the registry under the name that Yarn has for it', async () => {
    expect(await classic(entry('left@1.2.3'))).toEqual(['left@1.2.3']);
    expect(await classic(entry('left@1.2.3', '', 'left', 'https://registry.npmjs.org'))).toEqual([
      'left@1.2.3',
    ]);
    expect(await classic(entry('left@1.2.3', '', 'left', 'https://registry.yarnpkg.org'))).toContain(
      'registry',
    );
  });

  it('names an alias as Yarn does', async () => {
    for (const name of ['', '  name left\n', '  name right\n'])
      expect(
        await classic(entry('"left@npm:right@1.2.3", right@^1.0.0', name, 'right'), 'npm:right@1.2.3'),
      ).toEqual(['right@1.2.3']);
  });

  it('takes no folder for a member', async () => {
    const folder = '\n"right@file:./right":\n  version "1.0.0"\n';
    const needs = '  dependencies:\n    right "file:./right"\n';
    expect(await classic(`${entry('left@1.2.3')}${needs}${folder}`)).toEqual([
      'left@1.2.3',
      'right@1.0.0',
      'exotic-source',
    ]);
  });

  it('has the package that is asked for', async () => {
    expect(await classic(entry('left@1.2.3', '  name lodash\n', 'lodash'))).toEqual(
      expect.arrayContaining(['lodash@1.2.3', 'conflict']),
    );
    expect(await classic(entry('left@1.2.3, right@1.2.3'))).toContain('conflict');
  });
});

it('a lock of pnpm has the version of its key, whatever else it says', async () => {
  const lock = (more: string) =>
    `lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a: { specifier: 1.0.0, version: 1.0.0 }\npackages:\n  a@1.0.0: { resolution: { integrity: ${sha512('a')} }${more} }\nsnapshots:\n  a@1.0.0: {}\n`;
  const read = async (more: string) => {
    const root = await writeProject({ 'pnpm-lock.yaml': lock(more) });
    const { packages, problems } = await readLockfile({ root, path: 'pnpm-lock.yaml' });
    return [...packages.values()].map(({ name, version }) => `${name}@${version!} ${problems.length}`);
  };
  expect(await read('')).toEqual(['a@1.0.0 0']);
  expect(await read(', version: 1.0.0')).toEqual(['a@1.0.0 0']);
  expect(await read(', version: 2.0.0')).toEqual(['a@1.0.0 1']);
  expect(await read(', name: b')).toEqual(['a@1.0.0 1']);
});

it.each(['npm:lodash', 'npm:lodash@^4', 'npm:lodash@4.17.0'])(
  'a manifest alone names what %s really is',
  async (specifier) => {
    const root = await writeProject({ 'package.json': { dependencies: { foo: specifier } } });
    const { packages } = await readLockfile({ root, path: 'package.json' });
    expect([...packages.values()]).toMatchObject([{ name: 'lodash' }]);
  },
);
