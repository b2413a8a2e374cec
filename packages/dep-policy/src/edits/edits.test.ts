import { chmod, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeProject } from '../testing/workspace.ts';
import { addTomlItem, setJsonMember, setTomlKey, setYamlMember } from './insertion.ts';
import { ProjectEdits } from './project-edits.ts';
import { changeText, JSON_TEXT, TOML_TEXT, YAML_TEXT } from './text-format.ts';

describe('changing one text', () => {
  it('takes the place that means it, not the first that looks like it', () => {
    const text = '{\n\t"version": "1.0.0", // \n\t"dependencies": {"left": "1.0.0"}\n}'.replace(' // ', '');
    expect(changeText(JSON_TEXT, text, ['dependencies', 'left'], '1.0.0', '1.5.0')).toBe(
      '{\n\t"version": "1.0.0",\n\t"dependencies": {"left": "1.5.0"}\n}',
    );
  });

  it('keeps comments, quotes and white space of TOML and YAML', () => {
    const toml = '# "a==1"\nx = "a==1"\r\n[project]\ndependencies = [\n  "b",  # b\n  \'a==1\',\n]\n';
    expect(changeText(TOML_TEXT, toml, ['project', 'dependencies', 1], 'a==1', 'a==2')).toBe(
      toml.replace("'a==1'", "'a==2'"),
    );
    const yaml = "# a: 1.0.0\nb:   1.0.0\ncatalog:   # all\n  'a':   1.0.0  # here\n";
    expect(changeText(YAML_TEXT, yaml, ['catalog', 'a'], '1.0.0', '1.5.0')).toBe(
      yaml.replace('1.0.0  # here', '1.5.0  # here'),
    );
  });

  it('changes nothing where the value is written in another way', () => {
    expect(changeText(JSON_TEXT, '{"a": "1\\u002e0.0"}', ['a'], '1.0.0', '1.5.0')).toBeUndefined();
    expect(changeText(TOML_TEXT, 'a = """1.0.0\\\n"""\n', ['a'], '1.0.0', '2')).toBeUndefined();
  });
});

describe('setting a member', () => {
  it.each([
    ['{}', '{\n  "overrides": {\n    "left": "2"\n  }\n}'],
    ['{"a": {"overrides": {}}}\n', '{"a": {"overrides": {}},\n  "overrides": {\n    "left": "2"\n  }\n}\n'],
    ['{\n\t"a": 1\n}\n', '{\n\t"a": 1,\n\t"overrides": {\n\t\t"left": "2"\n\t}\n}\n'],
    ['{\n  "overrides": {}\n}', '{\n  "overrides": {\n    "left": "2"\n  }\n}'],
    ['{\n  "overrides": {"b": "1"}\n}', '{\n  "overrides": {\n    "left": "2","b": "1"}\n}'],
    ['{\r\n  "overrides": {"left": "1"}\r\n}', '{\r\n  "overrides": {"left": "2"}\r\n}'],
  ])('of JSON, in %j', (text, expected) => {
    expect(setJsonMember(text, 'overrides', 'left', '2')).toBe(expected);
  });

  it.each([
    ['', "overrides:\n  'left@1': '2'\n"],
    ['packages: [a]', "packages: [a]\n\noverrides:\n  'left@1': '2'\n"],
    ['overrides:\n    # why\n    b: 1.0.0\n', "overrides:\n    'left@1': '2'\n    # why\n    b: 1.0.0\n"],
    ["overrides: # all\n  left@1: '1'\n", "overrides: # all\n  left@1: '2'\n"],
  ])('of YAML, in %j', (text, expected) => {
    expect(setYamlMember(text, 'overrides', 'left@1', '2')).toBe(expected);
  });

  it('of YAML not where the mapping stands in one line', () => {
    expect(setYamlMember('overrides: {b: 1.0.0}\n', 'overrides', 'left', '2')).toBeUndefined();
  });

  it.each([
    ['a = 1\n', 'a = 1\n\n[tool.uv]\noverride-dependencies = ["left==2"]\n'],
    ['[tool.uv] # uv\ndev = 1\n', '[tool.uv] # uv\noverride-dependencies = ["left==2"]\ndev = 1\n'],
    [
      '[tool.uv]\noverride-dependencies = [ # all\n  "b==1",\n]\n',
      '[tool.uv]\noverride-dependencies = ["left==2",  # all\n  "b==1",\n]\n',
    ],
    [
      '[other]\noverride-dependencies = []\n',
      '[other]\noverride-dependencies = []\n\n[tool.uv]\noverride-dependencies = ["left==2"]\n',
    ],
  ])('of a list of TOML, in %j', (text, expected) => {
    expect(addTomlItem(text, ['tool', 'uv'], 'override-dependencies', 'left==2')).toBe(expected);
  });

  it('of a table of TOML, where it is and where it is not', () => {
    const table = ['tool', 'pdm', 'resolution', 'overrides'];
    expect(setTomlKey('', table, 'left', '2')).toBe('[tool.pdm.resolution.overrides]\n"left" = "2"\n');
    expect(setTomlKey('[tool.pdm.resolution.overrides]\nleft = "1" # x\n', table, 'left', '2')).toBe(
      '[tool.pdm.resolution.overrides]\nleft = "2" # x\n',
    );
  });
});

describe('edits of a project', () => {
  it('are written together with the rights of each file, or not at all', async () => {
    const root = await writeProject({ 'a.txt': 'a', 'b.txt': 'b', 'folder/.keep': '' });
    await chmod(join(root, 'a.txt'), 0o600);
    const edits = new ProjectEdits(root);
    await edits.change('a.txt', 'A');
    await edits.change('b.txt', 'B');
    await writeFile(join(root, 'b.txt'), 'by somebody else');
    await expect(edits.write()).rejects.toMatchObject({ code: 'ERR_DEP_UNREADABLE' });
    expect(await readFile(join(root, 'a.txt'), 'utf8')).toBe('a');
    await writeFile(join(root, 'b.txt'), 'b');
    await edits.write();
    expect(await readFile(join(root, 'b.txt'), 'utf8')).toBe('B');
    expect((await stat(join(root, 'a.txt'))).mode & 0o777).toBe(0o600);
    expect((await readdir(root)).sort()).toEqual(['a.txt', 'b.txt', 'folder']);
  });

  it('refuse a manifest that is none, or that says a thing twice', async () => {
    const root = await writeProject({
      'package.json': '{"overrides": {"a": "1", "a": "2"}}',
      'pyproject.toml': '[project',
      'pnpm-workspace.yaml': 'a: *b',
    });
    for (const path of ['package.json', 'pyproject.toml', 'pnpm-workspace.yaml']) {
      await expect(new ProjectEdits(root).read(path)).rejects.toMatchObject({ code: 'ERR_DEP_LOCKFILE' });
    }
  });
});
