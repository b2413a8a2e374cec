import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '@nx/devkit';
import type { Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import generatePackage from './generator.ts';

const root = join(import.meta.dirname, '../../../..');
let tree: Tree;

beforeEach(() => {
  tree = createTreeWithEmptyWorkspace({ formatter: 'prettier' });
  for (const file of ['tsconfig.json', 'package.json', 'pnpm-lock.yaml', '.prettierrc.json']) {
    tree.write(file, readFileSync(join(root, file)));
  }
});

describe('the package generator', () => {
  it('writes a package of the house form', async () => {
    await generatePackage(tree, { name: 'output-cache' });
    const made = tree.listChanges().filter(({ path }) => path.startsWith('packages/output-cache/'));
    expect(made.map(({ path }) => path.slice('packages/output-cache/'.length)).sort()).toEqual([
      'README.md',
      'etc/output-cache.api.md',
      'package.json',
      'src/errors.ts',
      'src/index.ts',
      'src/limits.test.ts',
      'src/limits.ts',
      'tsconfig.json',
      'tsup.config.ts',
      'vitest.config.ts',
    ]);
  });

  it('leaves no template mark behind', async () => {
    await generatePackage(tree, { name: 'output-cache' });
    for (const { path, content } of tree.listChanges()) {
      if (path.startsWith('packages/')) expect(content?.toString(), path).not.toMatch(/<%|%>|undefined/);
    }
  });

  it('gives package.json the keys that the existing packages have', async () => {
    await generatePackage(tree, { name: 'output-cache', description: 'Keeps "outputs".' });
    const made = readJson<Record<string, unknown>>(tree, 'packages/output-cache/package.json');
    const existing = JSON.parse(
      readFileSync(join(root, 'packages/resource-guard/package.json'), 'utf8'),
    ) as Record<string, unknown>;
    expect(made).toMatchObject({
      name: '@sallyport/output-cache',
      description: 'Keeps "outputs".',
      nx: { tags: ['type:package'] },
    });
    for (const key of ['license', 'type', 'engines', 'nx']) expect(made[key], key).toEqual(existing[key]);
    expect((made['exports'] as Record<string, unknown>)['.']).toEqual(
      (existing['exports'] as Record<string, unknown>)['.'],
    );
  });

  it('references the package in the root tsconfig.json and keeps the other references', async () => {
    const before = readJson<{ references: { path: string }[] }>(tree, 'tsconfig.json').references;
    await generatePackage(tree, { name: 'output-cache' });
    expect(readJson(tree, 'tsconfig.json')).toMatchObject({
      references: [...before, { path: './packages/output-cache' }],
    });
  });

  it('names the package in the lockfile', async () => {
    await generatePackage(tree, { name: 'output-cache' });
    expect(tree.read('pnpm-lock.yaml', 'utf8')).toContain('\n  packages/output-cache: {}\n');
  });

  it('orders the API report by the names that the package name gives', async () => {
    await generatePackage(tree, { name: 'a' });
    await generatePackage(tree, { name: 'z' });
    const exportsOf = (name: string): readonly string[] =>
      [...tree.read(`packages/${name}/etc/${name}.api.md`, 'utf8')!.matchAll(/^export \w+ (\w+)/gm)].map(
        (match) => match[1]!,
      );
    expect(exportsOf('a')).toEqual([
      'A_ERROR_CODES',
      'AError',
      'AErrorCode',
      'DEFAULT_LIMITS',
      'defineLimits',
      'Limits',
    ]);
    expect(exportsOf('z')).toEqual([
      'DEFAULT_LIMITS',
      'defineLimits',
      'Limits',
      'Z_ERROR_CODES',
      'ZError',
      'ZErrorCode',
    ]);
  });

  it('writes nothing for a name that cannot be used', async () => {
    const before = tree.listChanges().length;
    await expect(generatePackage(tree, { name: 'Output Cache' })).rejects.toThrow(RangeError);
    expect(tree.listChanges()).toHaveLength(before);
  });

  it('refuses a package that exists', async () => {
    await generatePackage(tree, { name: 'output-cache' });
    await expect(generatePackage(tree, { name: 'output-cache' })).rejects.toThrow(
      'packages/output-cache exists',
    );
  });
});
