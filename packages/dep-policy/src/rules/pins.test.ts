import { describe, expect, it } from 'vitest';
import { checkDependencies } from '../check-dependencies.ts';
import { writeProject } from '../testing/workspace.ts';
import { parseSelector } from './pins.ts';

/** A lock of nothing: the rules about pins do not look at it, and the test leaves its own findings out. */
const EMPTY_LOCK = "lockfileVersion: '9.0'\nimporters:\n  .: {}\n";

async function pinViolations(files: Readonly<Record<string, string | object>>): Promise<string[]> {
  const root = await writeProject({ 'package.json': {}, 'pnpm-lock.yaml': EMPTY_LOCK, ...files });
  const { violations } = await checkDependencies({ root });
  return violations
    .filter(({ rule }) => rule === 'exact-pin' || rule === 'exotic-source')
    .map(({ rule, package: subject, file, line }) => `${rule} ${subject} ${file}:${line ?? '-'}`);
}

const direct = (specifier: string): Promise<string[]> =>
  pinViolations({ 'package.json': { dependencies: { left: specifier } } });

describe('direct dependencies', () => {
  it.each(['1.2.3', '1.2.3-rc.1', 'npm:right@1.2.3'])('may be %s', async (specifier) => {
    expect(await direct(specifier)).toEqual([]);
  });

  it.each(['^1.2.3', '1.2.x', 'latest', '', '*', 'npm:right@^1.2.3', 'workspace:^'])(
    'may not be %j',
    async (specifier) => {
      expect(await direct(specifier)).toEqual(['exact-pin left package.json:3']);
    },
  );

  it.each([
    'git+https://example.com/left.git',
    'left/left',
    'file:../left',
    'https://registry.npmjs.org/left/-/left-1.2.3.tgz',
    'jsr:@a/b@1.0.0',
  ])('may not come from %s', async (specifier) => {
    expect(await direct(specifier)).toEqual(['exotic-source left package.json:3']);
  });

  it('are checked in all three fields', async () => {
    const found = await pinViolations({
      'package.json':
        '{\n"devDependencies": {"a": "^1"},\n"dependencies": {"b": "^1"},\n"optionalDependencies": {"c": "^1"}\n}',
    });
    expect(found).toEqual([
      'exact-pin a package.json:2',
      'exact-pin b package.json:3',
      'exact-pin c package.json:4',
    ]);
  });

  it('do not show the credential in a URL', async () => {
    const root = await writeProject({
      'package.json': { dependencies: { left: 'git+https://user:secret@example.com/left.git' } },
      'pnpm-lock.yaml': EMPTY_LOCK,
    });
    expect(JSON.stringify(await checkDependencies({ root }))).not.toContain('secret');
  });
});

describe('members of the workspace', () => {
  const workspace = (specifier: string, version = '1.0.0'): Promise<string[]> =>
    pinViolations({
      'pnpm-workspace.yaml': 'packages: [packages/*]\n',
      'packages/a/package.json': { dependencies: { b: specifier } },
      'packages/b/package.json': { name: 'b', version },
    });

  it('may be named by workspace:* and by their exact version', async () => {
    expect(await workspace('workspace:*')).toEqual([]);
    expect(await workspace('workspace:1.0.0')).toEqual([]);
  });

  it('may not be named by another version', async () => {
    expect(await workspace('workspace:1.0.1')).toEqual(['exact-pin b packages/a/package.json:3']);
  });

  it('may be linked, other folders may not', async () => {
    expect(await workspace('link:../b')).toEqual([]);
    expect(await workspace('link:../c')).toEqual(['exotic-source b packages/a/package.json:3']);
    expect(await workspace('link:../../../b')).toEqual(['exotic-source b packages/a/package.json:3']);
    expect(await workspace('link:/packages/b')).toEqual(['exotic-source b packages/a/package.json:3']);
  });

  it('are only those that the workspace finds', async () => {
    expect(await direct('workspace:*')).toEqual(['exotic-source left package.json:3']);
  });
});

describe('peer dependencies', () => {
  const peer = (specifier: string): Promise<string[]> =>
    pinViolations({ 'package.json': { peerDependencies: { left: specifier } } });

  it.each(['^1.2.3', '*', '1 || 2', 'workspace:^', 'catalog:'])('may be the range %s', async (specifier) => {
    expect(await peer(specifier)).toEqual([]);
  });

  it.each(['git+https://example.com/left.git', 'file:../left', 'link:../left', 'left/left'])(
    'may not bring %s',
    async (specifier) => {
      expect(await peer(specifier)).toEqual(['exotic-source left package.json:3']);
    },
  );
});

describe('catalogs', () => {
  const catalog = (text: string): Promise<string[]> =>
    pinViolations({ 'package.json': { dependencies: { left: 'catalog:' } }, 'pnpm-workspace.yaml': text });

  it('may hold exact versions', async () => {
    expect(await catalog('catalog:\n  left: 1.2.3\n')).toEqual([]);
    expect(await catalog('catalogs:\n  default:\n    left: 1.2.3\n')).toEqual([]);
  });

  it('may not hold a range, and the finding is where the range stands', async () => {
    expect(await catalog('catalog:\n  left: ^1.2.3\n')).toEqual(['exact-pin left pnpm-workspace.yaml:2']);
    expect(await catalog('catalogs:\n  default:\n    left: ^1.2.3\n')).toEqual([
      'exact-pin left pnpm-workspace.yaml:3',
    ]);
  });

  it.each(['workspace:*', 'catalog:other', 'link:packages/left', 'git+https://example.com/left.git'])(
    'may not hold %s',
    async (specifier) => {
      expect(await catalog(`catalog:\n  left: ${specifier}\n`)).toHaveLength(1);
    },
  );

  it('must have the entry that is asked for', async () => {
    expect(await catalog('catalog:\n  right: 1.2.3\n')).toEqual(['exact-pin left package.json:3']);
    expect(await catalog('catalogs:\n  old:\n    left: 1.2.3\n')).toEqual(['exact-pin left package.json:3']);
  });
});

describe('overrides', () => {
  const override = (value: string, selector = 'left'): Promise<string[]> =>
    pinViolations({
      'package.json': { dependencies: { right: '1.0.0' } },
      'pnpm-workspace.yaml': `overrides:\n  '${selector}': '${value}'\n`,
    });

  it.each(['1.2.3', '-', 'npm:right@1.0.0', '$right'])('may be %s', async (value) => {
    expect(await override(value)).toEqual([]);
  });

  it.each(['^1.2.3', '', 'latest', '$left', 'catalog:'])('may not be %j', async (value) => {
    expect(await override(value)).toEqual(['exact-pin left pnpm-workspace.yaml:2']);
  });

  it.each(['git+https://example.com/left.git', 'file:../left', 'link:../left'])(
    'may not bring %s',
    async (value) => {
      expect(await override(value, 'up>left')).toEqual(['exotic-source up>left pnpm-workspace.yaml:2']);
    },
  );

  it('are checked in the root manifest too, where older versions of pnpm look for them', async () => {
    const found = await pinViolations({
      'package.json': '{\n"pnpm": {\n"overrides": {"left": "^1"}\n},\n"resolutions": {\n"right": "^1"\n}\n}',
    });
    expect(found).toEqual(['exact-pin left package.json:3', 'exact-pin right package.json:6']);
  });

  it.each([
    ['left', 'left'],
    ['left@^1', 'left'],
    ['@s/left@1', '@s/left'],
    ['left@>=1 <2', 'left'],
    ['left@>1', 'left'],
    ['left@<1 || >2', 'left'],
    ['up>left', 'left'],
    ['@s/up@1>@s/left@>=2', '@s/left'],
  ])('with the selector %s replace %s', (selector, name) => {
    expect(parseSelector(selector).name).toBe(name);
  });
});

it('refuses dependencies of the configuration, which no checked lock covers', async () => {
  expect(
    await pinViolations({ 'pnpm-workspace.yaml': 'configDependencies:\n  left: 1.2.3+sha512-abc\n' }),
  ).toEqual(['exotic-source left pnpm-workspace.yaml:2']);
});
