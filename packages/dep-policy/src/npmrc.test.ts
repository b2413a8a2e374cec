import { expect, it } from 'vitest';
import { readNpmrc } from './npmrc.ts';
import { writeProject } from './testing/workspace.ts';

const read = async (text: string): Promise<string[]> => {
  const { settings } = await readNpmrc(await writeProject({ '.npmrc': text }), '.');
  return settings.map(({ key, value, line }) => `${line} ${key} = ${value}`);
};

it('has no settings without a file', async () => {
  expect((await readNpmrc(await writeProject({}), '.')).settings).toEqual([]);
});

it('reads keys and values with and without spaces and quotes, and counts lines of every kind', async () => {
  expect(
    await read("; a\n# b\r\nregistry=https://a/\r@s:registry = \"https://b/\"\n\n'quoted' = 'c'"),
  ).toEqual(['3 registry = https://a/', '4 @s:registry = https://b/', '6 quoted = c']);
});

it('keeps what stands below a section, and what depends on the environment', async () => {
  expect(await read('[section]\nregistry=${REGISTRY}\nstrict-ssl')).toEqual([
    '2 registry = ${REGISTRY}',
    '3 strict-ssl = true',
  ]);
});

it.each([
  ['registry[]=https://a/', 'registry = https://a/'],
  ['"regi\\u0073try"=https://a/', 'registry = https://a/'],
  ['registry;x=https://a/', 'registry = https://a/'],
  ['registry # main = https://a/', 'registry = https://a/'],
  ['registry = https://a/ ; the main one', 'registry = https://a/'],
  ['a\\;b = c\\#d', 'a;b = c#d'],
  ['\'"a"\' = \'"b"\'', 'a = b'],
  ['[]=x', '[] = x'],
])('reads %s as npm does', async (line, found) => {
  expect(await read(line)).toEqual([`1 ${found}`]);
});
