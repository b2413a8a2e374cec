import { describe, expect, it } from 'vitest';
import { readManifest } from './manifest.ts';
import { writeProject } from './testing/workspace.ts';

const read = async (text: string): Promise<Awaited<ReturnType<typeof readManifest>>> =>
  readManifest(await writeProject({ 'package.json': text }), '.');

it('reads the dependencies of all three fields, and the peers apart', async () => {
  const manifest = await read(
    '{"name":"a","dependencies":{"b":"1.0.0"},"devDependencies":{"c":"1.0.0"},"optionalDependencies":{"d":"1.0.0"},' +
      '"peerDependencies":{"e":"^1","f":"^2"},"peerDependenciesMeta":{"f":{"optional":true}}}',
  );
  expect(manifest?.direct.map(({ field, name }) => `${field}/${name}`).sort()).toEqual([
    'dependencies/b',
    'devDependencies/c',
    'optionalDependencies/d',
  ]);
  expect(manifest?.peers).toMatchObject([
    { name: 'e', isOptional: false },
    { name: 'f', isOptional: true },
  ]);
});

it('gives undefined for a folder without a manifest', async () => {
  expect(await readManifest(await writeProject({}), '.')).toBeUndefined();
});

it('reads a manifest with a byte order mark', async () => {
  expect(await read('\ufeff{"name":"a"}')).toMatchObject({ name: 'a' });
});

describe('ERR_DEP_MANIFEST', () => {
  it.each([
    ['no JSON', '{name: 1}'],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['dependencies as a list', '{"dependencies":["left"]}'],
    ['dependencies as null', '{"dependencies":null}'],
    ['a specifier that is a number', '{"dependencies":{"left":1}}'],
    ['a specifier that is an object', '{"dependencies":{"left":{"version":"1.2.3"}}}'],
    ['a name with a path', '{"dependencies":{"../left":"1.2.3"}}'],
    ['a name with an empty scope', '{"dependencies":{"@/left":"1.2.3"}}'],
    ['an empty name', '{"dependencies":{"":"1.2.3"}}'],
    ['__proto__ as a name, which an object would swallow', '{"dependencies":{"__proto__":"1.2.3"}}'],
  ])('is thrown for %s', async (_, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'ERR_DEP_MANIFEST' });
  });

  it('accepts a name of 214 characters and is thrown for 215', async () => {
    const withName = (length: number): string =>
      JSON.stringify({ dependencies: { ['a'.repeat(length)]: '1.2.3' } });
    await expect(read(withName(214))).resolves.toBeDefined();
    await expect(read(withName(215))).rejects.toMatchObject({ code: 'ERR_DEP_MANIFEST' });
  });

  it.each(['package.yaml', 'package.json5'])(
    'is thrown for %s, which pnpm would read and this check does not',
    async (name) => {
      const root = await writeProject({ [`a/${name}`]: 'name: a\n' });
      await expect(readManifest(root, 'a')).rejects.toMatchObject({ code: 'ERR_DEP_MANIFEST' });
    },
  );
});
