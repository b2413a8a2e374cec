import { describe, expect, it } from 'vitest';
import { checkDependencies } from '../check-dependencies.ts';
import { PNPM_WORKSPACE } from '../testing/pnpm-workspace.ts';
import { onePackage, writeProject } from '../testing/workspace.ts';

const LOCK = 'pnpm-lock.yaml';

/** What is found in the workspace that pnpm locked, after one text in one file was replaced. */
async function violationsAfter(file: string, from: string, to: string): Promise<string[]> {
  const text = PNPM_WORKSPACE[file] ?? '';
  if (text.split(from).length !== 2)
    throw new Error(`${file} of the test has "${from}" ${text.split(from).length - 1} times`);
  const root = await writeProject({ ...PNPM_WORKSPACE, [file]: text.replace(from, () => to) });
  const { violations } = await checkDependencies({ root });
  return violations.map(({ rule, package: subject, file: at }) => `${rule} ${subject} ${at}`);
}

it('passes what pnpm itself wrote', async () => {
  const report = await checkDependencies({ root: await writeProject(PNPM_WORKSPACE) });
  expect(report.violations).toEqual([]);
  expect(report.checked).toEqual({ manifests: 4, direct: 13, locked: 8 });
});

describe('importers', () => {
  it('must have a manifest', async () => {
    expect(await violationsAfter('pnpm-workspace.yaml', '  - tools/x\n', '')).toContain(
      `lock-mismatch tools/x ${LOCK}`,
    );
  });

  it('must be there for every manifest', async () => {
    expect(await violationsAfter(LOCK, '  tools/x: {}\n', '')).toEqual([
      'lock-mismatch x tools/x/package.json',
    ]);
  });

  it('may not be called ../x or __proto__', async () => {
    expect(await violationsAfter(LOCK, '  tools/x: {}\n', '  tools/x: {}\n  ../x: {}\n')).toEqual([
      `lock-mismatch ../x ${LOCK}`,
    ]);
    expect(await violationsAfter(LOCK, '  tools/x: {}\n', '  tools/x: {}\n  __proto__: {}\n')).toEqual([
      `lock-mismatch __proto__ ${LOCK}`,
    ]);
  });
});

describe('dependencies', () => {
  it('must be in the lock', async () => {
    const added = await violationsAfter(
      'packages/b/package.json',
      '"debug": "4.4.3"',
      '"debug": "4.4.3", "left": "1.2.3"',
    );
    expect(added).toEqual(['lock-mismatch left packages/b/package.json']);
  });

  it('may not be in the lock alone', async () => {
    const removed = await violationsAfter('packages/b/package.json', '"debug": "4.4.3"', '');
    expect(removed).toEqual([`lock-mismatch debug ${LOCK}`]);
  });

  it('must have the specifier of the manifest', async () => {
    expect(await violationsAfter('packages/b/package.json', '4.4.3', '4.4.4')).toEqual([
      `lock-mismatch debug ${LOCK}`,
    ]);
  });

  it('must stand in the field of the manifest, since a production install leaves one of them out', async () => {
    expect(await violationsAfter('packages/b/package.json', '"dependencies"', '"devDependencies"')).toEqual([
      `lock-mismatch debug ${LOCK}`,
    ]);
  });

  it('must be locked in the version that is asked for', async () => {
    const lock = '        specifier: 2.0.4\n        version: 2.0.4';
    expect(await violationsAfter(LOCK, lock, lock.replace('version: 2.0.4', 'version: 2.0.3'))).toContain(
      `lock-mismatch inherits ${LOCK}`,
    );
  });

  it('must be locked as the package that is asked for', async () => {
    const lock = '        specifier: 2.0.4\n        version: 2.0.4';
    expect(
      await violationsAfter(LOCK, lock, lock.replace('version: 2.0.4', 'version: wrappy@1.0.2')),
    ).toEqual([`lock-mismatch inherits ${LOCK}`]);
  });

  it('must be locked as the package that an alias asks for', async () => {
    expect(await violationsAfter(LOCK, 'version: wrappy@1.0.2', 'version: once@1.4.0')).toEqual([
      `lock-mismatch aliased ${LOCK}`,
    ]);
  });

  it('must be links to the member that is asked for', async () => {
    expect(await violationsAfter(LOCK, 'version: link:../b', 'version: link:../../tools/x')).toEqual([
      `lock-mismatch b ${LOCK}`,
    ]);
    expect(await violationsAfter(LOCK, 'version: link:packages/a', 'version: link:../a')).toEqual([
      `exotic-source a ${LOCK}`,
      `lock-mismatch a ${LOCK}`,
    ]);
  });

  it('say where in the lock they differ', async () => {
    const root = await onePackage({ 'specifier: 1.2.3': 'specifier: 1.2.4' });
    const { violations } = await checkDependencies({ root });
    expect(violations).toMatchObject([{ rule: 'lock-mismatch', package: 'left', file: LOCK, line: 11 }]);
  });

  it('are locked without the build metadata of their version', async () => {
    const root = await onePackage(
      { 'specifier: 1.2.3': 'specifier: 1.2.3+build' },
      { 'package.json': { dependencies: { left: '1.2.3+build' } } },
    );
    expect((await checkDependencies({ root })).violations).toEqual([]);
  });
});

describe('peers that pnpm installs by itself', () => {
  it('must have the range of the manifest', async () => {
    expect(await violationsAfter('packages/a/package.json', '">=2"', '">=1"')).toEqual([
      `lock-mismatch ms ${LOCK}`,
    ]);
  });

  it('must be locked as the package of that name', async () => {
    const lock = "        specifier: '>=2'\n        version: 2.1.3";
    expect(await violationsAfter(LOCK, lock, lock.replace('2.1.3', 'wrappy@1.0.2'))).toEqual([
      `lock-mismatch ms ${LOCK}`,
    ]);
  });

  it('must be in the lock, unless they are optional', async () => {
    const added = async (optional: boolean): Promise<readonly string[]> => {
      const manifest = JSON.parse(PNPM_WORKSPACE['packages/b/package.json']!) as object;
      const peers = { peerDependencies: { left: '1' }, peerDependenciesMeta: { left: { optional } } };
      const root = await writeProject({
        ...PNPM_WORKSPACE,
        'packages/b/package.json': { ...manifest, ...peers },
      });
      return (await checkDependencies({ root })).violations.map(
        ({ rule, package: subject, file }) => `${rule} ${subject} ${file}`,
      );
    };
    expect(await added(true)).toEqual([]);
    expect(await added(false)).toEqual(['lock-mismatch left packages/b/package.json']);
  });
});

describe('catalogs', () => {
  it('must say in the lock what they say in the workspace', async () => {
    const found = await violationsAfter('pnpm-workspace.yaml', 'once: 1.4.0', 'once: 1.3.3');
    expect(found).toEqual([`lock-mismatch once ${LOCK}`, `lock-mismatch once ${LOCK}`]);
  });

  it('must be resolved to the version that they say', async () => {
    const lock = 'specifier: catalog:old\n        version: 1.4.0';
    expect(await violationsAfter(LOCK, lock, lock.replace('1.4.0', 'wrappy@1.0.2'))).toEqual([
      `lock-mismatch once ${LOCK}`,
    ]);
  });
});

describe('overrides', () => {
  it('must be in the lock', async () => {
    expect(
      await violationsAfter('pnpm-workspace.yaml', 'overrides:\n', 'overrides:\n  left: 1.2.3\n'),
    ).toEqual(['lock-mismatch left pnpm-workspace.yaml']);
  });

  it('may not be in the lock alone', async () => {
    expect(await violationsAfter(LOCK, 'overrides:\n', 'overrides:\n  left: 1.2.3\n')).toEqual([
      `lock-mismatch left ${LOCK}`,
    ]);
  });

  it('must say the same in the lock', async () => {
    expect(
      await violationsAfter('pnpm-workspace.yaml', '  sprintf-js: 1.0.3', '  sprintf-js: 1.0.2'),
    ).toContain('lock-mismatch sprintf-js pnpm-workspace.yaml');
  });

  it('may remove a direct dependency, but not one of another parent', async () => {
    const removed = (selector: string): Promise<string> =>
      onePackage(
        {
          '    dependencies:\n      left:\n        specifier: 1.2.3\n        version: 1.2.3\n': '    {}\n',
          'importers:': `overrides:\n  ${selector}: '-'\n\nimporters:`,
        },
        { 'pnpm-workspace.yaml': `overrides:\n  ${selector}: '-'\n` },
      );
    expect((await checkDependencies({ root: await removed('left') })).violations).toEqual([]);
    expect((await checkDependencies({ root: await removed('one>left') })).violations).toEqual([]);
    expect((await checkDependencies({ root: await removed('up>left') })).violations).toMatchObject([
      { rule: 'lock-mismatch', package: 'left', file: 'package.json' },
    ]);
  });

  it('have no effect from a manifest that this pnpm does not read, and that is said', async () => {
    const manifest = '"optionalDependencies": { "inherits": "2.0.4" }';
    expect(
      await violationsAfter(
        'package.json',
        manifest,
        `${manifest},\n  "pnpm": { "overrides": { "left": "1.2.3" } }`,
      ),
    ).toEqual(['lock-mismatch left package.json']);
  });
});
