import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeProject } from './testing/workspace.ts';
import { findMemberFolders, readWorkspace } from './workspace.ts';

describe('findMemberFolders', () => {
  const find = async (patterns: readonly string[], paths: readonly string[]): Promise<string[]> => {
    const files = Object.fromEntries(paths.map((path) => [`${path}/package.json`, '{}']));
    return findMemberFolders(await writeProject(files), patterns);
  };

  it('finds the root alone without patterns', async () => {
    expect(await find([], ['a'])).toEqual(['.']);
  });

  it('finds the folders that a pattern names, and those below only for **', async () => {
    expect(await find(['packages/*'], ['packages/a', 'packages/a/deep', 'other/b'])).toEqual([
      '.',
      'packages/a',
    ]);
    expect(await find(['packages/**'], ['packages/a/deep'])).toEqual([
      '.',
      'packages',
      'packages/a',
      'packages/a/deep',
    ]);
  });

  it('leaves out what a negated pattern names, wherever it stands in the list', async () => {
    expect(
      await find(['!packages/b', 'packages/*', '!**/test/**'], ['packages/a', 'packages/b', 'packages/test']),
    ).toEqual(['.', 'packages/a']);
  });

  it('never finds the root left out', async () => {
    expect(await find(['!.', '!**'], ['a'])).toContain('.');
  });

  it('never looks into node_modules', async () => {
    expect(await find(['**'], ['a', 'node_modules/b', 'a/node_modules/c'])).toEqual(['.', 'a']);
    expect(await find(['node_modules/*'], ['node_modules/b'])).toEqual(['.']);
  });

  it('never follows a link, be it to the inside or to the outside of the root', async () => {
    const outside = await writeProject({ 'b/package.json': '{}' });
    const root = await writeProject({ 'packages/a/package.json': '{}' });
    await symlink(join(root, 'packages/a'), join(root, 'packages/inside'));
    await symlink(join(outside, 'b'), join(root, 'packages/outside'));
    expect(await findMemberFolders(root, ['packages/*'])).toEqual(['.', 'packages/a']);
  });
});

describe('readWorkspace', () => {
  it('is empty for a project without the file, and for a file with nothing in it', async () => {
    const without = await readWorkspace(await writeProject({}));
    expect(without).toMatchObject({ packages: [], strictSsl: true });
    expect(await readWorkspace(await writeProject({ 'pnpm-workspace.yaml': '# later\n' }))).toMatchObject({
      packages: [],
    });
  });

  it.each([
    ['a list', '- packages/*\n'],
    ['packages as text', 'packages: packages/*\n'],
    ['a pattern that is a number', 'packages: [1]\n'],
    ['an override that is a number', 'overrides: {left: 1.2}\n'],
    ['overrides as a list', 'overrides: [left]\n'],
    ['strictSsl as text', 'strictSsl: "no"\n'],
    ['an alias', 'packages: &p [a]\nx: *p\n'],
  ])('refuses %s', async (_, text) => {
    const root = await writeProject({ 'pnpm-workspace.yaml': text });
    await expect(readWorkspace(root)).rejects.toMatchObject({ code: 'ERR_DEP_WORKSPACE' });
  });

  it('keeps a catalog entry called __proto__ as an entry', async () => {
    const root = await writeProject({ 'pnpm-workspace.yaml': 'catalog: {__proto__: 1.2.3}\n' });
    expect([...(await readWorkspace(root)).catalog]).toEqual([['__proto__', '1.2.3']]);
  });
});
