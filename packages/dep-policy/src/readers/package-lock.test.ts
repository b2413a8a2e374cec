import { describe, expect, it } from 'vitest';
import { writeProject } from '../testing/workspace.ts';
import { readLockfile } from './read-lockfile.ts';

describe('a package-lock', () => {
  const read = async (packages: object, more: object = {}) =>
    await readLockfile({
      root: await writeProject({ 'package-lock.json': { lockfileVersion: 3, packages, ...more } }),
      path: 'package-lock.json',
    });

  const DIRECT = { '': { dependencies: { a: '1' } } };
  const HERE = (version: string, more: object = {}) => ({
    version,
    resolved: `https://r.test/a/-/a-${version}.tgz`,
    ...more,
  });

  it('of version 2 says the same in both of its halves', async () => {
    const both = (legacy: object, entry: object = HERE('1.0.0', { integrity: 'sha512-x' })) =>
      read({ ...DIRECT, 'node_modules/a': entry }, { lockfileVersion: 2, dependencies: { a: legacy } }).then(
        ({ problems }) => problems.map(({ kind }) => kind),
      );
    expect(await both(HERE('1.0.0', { integrity: 'sha512-x' }))).toEqual([]);
    for (const legacy of [
      HERE('1.0.1', { integrity: 'sha512-x' }),
      HERE('1.0.0', { integrity: 'sha512-y' }),
      HERE('1.0.0'),
      { version: '1.0.0', resolved: 'http://evil.test/a.tgz', integrity: 'sha512-x' },
      { version: 'npm:b@1.0.0', integrity: 'sha512-x' },
      { version: 'file:evil.tgz' },
      { ...HERE('1.0.0', { integrity: 'sha512-x' }), dependencies: { b: { version: '1.0.0' } } },
    ])
      expect(await both(legacy)).toEqual(['conflict']);
    expect(await both({ version: 'file:x' }, { resolved: 'x', link: true })).toContain('conflict');
    expect(
      await both({ version: 'git+ssh://g/a#1' }, { version: '1.0.0', resolved: 'git+ssh://g/a#1' }),
    ).toEqual([]);
  });

  it('has under a name the package of that name, unless an alias or an override asks for another', async () => {
    const kinds = async (root: object, more: object = {}) =>
      (await read({ '': root, 'node_modules/a': HERE('1.0.0', { name: 'evil' }), ...more })).problems.map(
        ({ kind }) => kind,
      );
    expect(await kinds({ dependencies: { a: '^1.0.0' } })).toEqual(['conflict']);
    expect(await kinds({ dependencies: { a: 'npm:evil@^1' } })).toEqual([]);
    expect(await kinds({ dependencies: { a: 'npm:other@^1' } })).toEqual(['conflict']);
    expect(await kinds({ dependencies: { a: '^1' }, overrides: { 'x@1': { 'a@1': 'npm:evil@1' } } })).toEqual(
      [],
    );
    expect(await kinds({ dependencies: { a: 'npm:evil@1' }, overrides: { a: '$a' } })).toEqual([]);
    // What a peer asks for can be there as what the project calls so.
    const peer = { 'node_modules/b': { version: '1.0.0', peerDependencies: { a: '1' } } };
    expect(await kinds({ dependencies: { a: 'npm:evil@1', b: '1' } }, peer)).toEqual([]);
  });

  it('of version 1 has an alias only where one is asked for, and files of its own', async () => {
    const old = async (version: string, requires: object, more: object = {}) => {
      const dependencies = { b: { version: '1.0.0', requires }, a: { version } };
      const files = { 'package.json': { dependencies: { b: '1' } }, ...more };
      const root = await writeProject({
        ...files,
        'package-lock.json': { lockfileVersion: 1, dependencies },
      });
      return await readLockfile({ root, path: 'package-lock.json' });
    };
    expect((await old('npm:evil@1.0.0', { a: '^1' })).problems).toMatchObject([{ kind: 'conflict' }]);
    expect((await old('npm:evil@1.0.0', { a: 'npm:evil@^1' })).problems).toEqual([]);
    expect((await old('file:a-1.0.0.tgz', { a: '^1' })).packages.get('node_modules/a')).toMatchObject({
      origin: 'file',
      resolved: 'file:a-1.0.0.tgz',
    });
  });
});
