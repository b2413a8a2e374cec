import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDependencies } from './check-dependencies.ts';
import { DependencyError } from './errors.ts';
import { packageKey, readPnpmLock, snapshotKey, splitPackageKey } from './pnpm-lock.ts';
import { ONE_PACKAGE_LOCK, ONE_PACKAGE_MANIFEST, onePackage, writeProject } from './testing/workspace.ts';

describe('ERR_DEP_LOCKFILE', () => {
  it.each([
    ['an older version', { "'9.0'": "'6.0'" }],
    ['a newer version', { "'9.0'": "'10.0'" }],
    ['a version that is a number', { "'9.0'": '9.0' }],
    ['no importers', { 'importers:': 'exporters:' }],
    ['a specifier that is a number', { 'specifier: 1.2.3': 'specifier: 1.2' }],
    ['an importer without a version', { 'version: 1.2.3': 'versions: 1.2.3' }],
    ['a package without a resolution', { 'resolution: {': 'resolutions: {' }],
    ['packages as a list', { 'packages:\n\n  left@1.2.3:': 'packages:\n\n  - left@1.2.3:' }],
    ['a number as a key', { '  left@1.2.3: {}': '  1: {}' }],
  ])('is thrown for %s', async (_, replace) => {
    await expect(checkDependencies({ root: await onePackage(replace) })).rejects.toMatchObject({
      code: 'ERR_DEP_LOCKFILE',
    });
  });

  it('is thrown for a dependency that one importer has twice', async () => {
    const lock = ONE_PACKAGE_LOCK.replace(
      '\npackages:',
      '    devDependencies:\n      left:\n        specifier: 1.2.3\n        version: 6.6.6\n\npackages:',
    );
    const root = await writeProject({ 'package.json': ONE_PACKAGE_MANIFEST, 'pnpm-lock.yaml': lock });
    await expect(checkDependencies({ root })).rejects.toMatchObject({ code: 'ERR_DEP_LOCKFILE' });
  });

  it.each([
    ['an empty lock', ''],
    ['text', 'hello\n'],
    ['the lock of npm', '{"lockfileVersion": 3, "packages": {}}'],
  ])('is thrown for %s', async (_, text) => {
    const root = await writeProject({ 'pnpm-lock.yaml': text });
    await expect(readPnpmLock(root)).rejects.toMatchObject({ code: 'ERR_DEP_LOCKFILE' });
  });
});

it('is unreadable when it is not there', async () => {
  const root = await writeProject({ 'package.json': ONE_PACKAGE_MANIFEST });
  await expect(checkDependencies({ root })).rejects.toMatchObject({ code: 'ERR_DEP_UNREADABLE' });
});

it('is over the limit at 16 MiB and one byte', async () => {
  const root = await writeProject({ 'pnpm-lock.yaml': `#${'a'.repeat(16 * 1024 * 1024)}` });
  await expect(readPnpmLock(root)).rejects.toMatchObject({ code: 'ERR_DEP_LIMIT' });
});

it(
  'answers a lock with anything cut out or put in by a verdict or a coded error, and never by a pass of something else',
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(ONE_PACKAGE_LOCK.length),
        fc.nat(20),
        fc.oneof(
          fc.string({ maxLength: 5 }),
          fc.constantFrom('\n', '  ', '&a ', '*a', '!!str ', '---\n', '__proto__: ', '{', '- ', '# '),
        ),
        async (at, cut, inserted) => {
          const lock = ONE_PACKAGE_LOCK.slice(0, at) + inserted + ONE_PACKAGE_LOCK.slice(at + cut);
          const root = await writeProject({ 'package.json': ONE_PACKAGE_MANIFEST, 'pnpm-lock.yaml': lock });
          try {
            const report = await checkDependencies({ root });
            if (report.verdict === 'fail') return;
            // What passes still locks the one package in the one version.
            const { packages, importers } = await readPnpmLock(root);
            expect([...packages.keys()]).toContain('left@1.2.3');
            expect(importers.get('.')?.get('left')).toMatchObject({ specifier: '1.2.3', reference: '1.2.3' });
          } catch (error) {
            expect(error).toBeInstanceOf(DependencyError);
          }
        },
      ),
      { numRuns: 200 },
    );
  },
);

describe('references', () => {
  it.each([
    ['1.2.3', 'left', 'left@1.2.3'],
    ['1.2.3(peer@4.5.6)', 'left', 'left@1.2.3(peer@4.5.6)'],
    ['1.2.3(@scope/peer@4.5.6)', '@scope/left', '@scope/left@1.2.3(@scope/peer@4.5.6)'],
    ['other@1.2.3', 'left', 'other@1.2.3'],
    ['@scope/other@1.2.3(peer@1.0.0)', 'left', '@scope/other@1.2.3(peer@1.0.0)'],
    ['https://example.com/@a/left.tgz', 'left', 'left@https://example.com/@a/left.tgz'],
    ['link:../a', 'left', undefined],
  ])('%s of %s points at %s', (reference, name, key) => {
    expect(snapshotKey(reference, name)).toBe(key);
  });

  it('leads from a snapshot with nested peers to its package', () => {
    expect(packageKey('@a/b@1.2.3(c@1.0.0(d@2.0.0))(e@3.0.0)')).toBe('@a/b@1.2.3');
  });

  it.each([
    ['left@1.2.3', 'left', '1.2.3'],
    ['@scope/left@1.2.3', '@scope/left', '1.2.3'],
    ['left@https://example.com/@x/y', 'left', 'https://example.com/@x/y'],
    ['left', 'left', ''],
  ])('splits %s into %s and %j', (key, name, version) => {
    expect(splitPackageKey(key)).toEqual({ name, version });
  });
});
