import { describe, expect, it } from 'vitest';
import { checkLocks } from '../check-locks.ts';
import { policyFileSchema } from '../policy-file/policy-schema.ts';
import { onePackage, sha512, writeProject } from '../testing/workspace.ts';

async function settingsOf(root: string, lockfile: string, registries: object = {}): Promise<string[]> {
  const policy = policyFileSchema.parse({ version: 1, registries });
  const { violations } = await checkLocks({ root, lockfiles: [lockfile], policy });
  return violations.map(({ rule, package: key, file, line }) => `${rule} ${key} ${file}:${line ?? '-'}`);
}

const MANIFEST = { name: 'one', dependencies: { left: '1.2.3' } };
const PACKAGE_LOCK = {
  lockfileVersion: 3,
  packages: {
    '': MANIFEST,
    'node_modules/left': {
      version: '1.2.3',
      resolved: 'https://registry.npmjs.org/left/-/left-1.2.3.tgz',
      integrity: sha512('left'),
    },
  },
};

describe('.npmrc beside a lock of npm', () => {
  it('counts where the lock is, and in the folders above it', async () => {
    const evil = 'registry=http://registry.npmjs.org/\n';
    const check = async (files: Readonly<Record<string, string>>) =>
      await settingsOf(
        await writeProject({ 'app/package.json': MANIFEST, 'app/package-lock.json': PACKAGE_LOCK, ...files }),
        'app/package-lock.json',
      );
    expect(await check({ 'app/.npmrc': evil })).toEqual(['https registry app/.npmrc:1']);
    expect(await check({ '.npmrc': evil })).toEqual(['https registry .npmrc:1']);
    expect(await check({ 'other/.npmrc': evil })).toEqual([]);
  });
});

describe('settings of pnpm', () => {
  const GOOD = 'minimumReleaseAge: 10080\nblockExoticSubdeps: true\n';
  const FILE = 'pnpm-workspace.yaml';

  it.each([
    ["minimumReleaseAgeExclude: ['*']", ['setting minimumReleaseAgeExclude']],
    ["minimumReleaseAgeExclude: ['@*/*']", ['setting minimumReleaseAgeExclude']],
    ["minimumReleaseAgeExclude: ['!left']", ['setting minimumReleaseAgeExclude']],
    ["minimumReleaseAgeExclude: [left, right@1.2.3, '@own/*', 'own-*']", []],
    ['lockfile: false', ['setting lockfile']],
    ['verifyStoreIntegrity: false', ['setting verifyStoreIntegrity']],
    ['lockfile: true\nverifyStoreIntegrity: true', []],
  ])('%s', async (text, found) => {
    const root = await onePackage({}, { [FILE]: `${GOOD}${text}\n` });
    expect(await settingsOf(root, 'pnpm-lock.yaml')).toEqual(found.map((one) => `${one} ${FILE}:3`));
  });

  it('count in .npmrc for a pnpm that reads them there', async () => {
    const root = await onePackage(
      {},
      { [FILE]: GOOD, '.npmrc': 'lockfile=false\nverify-store-integrity=true\n' },
    );
    expect(await settingsOf(root, 'pnpm-lock.yaml')).toEqual(['setting lockfile .npmrc:1']);
  });

  it('are those beside the lock, or above it where there are none', async () => {
    const project = { 'app/package.json': MANIFEST, 'app/pnpm-lock.yaml': '' };
    const { readFile } = await import('node:fs/promises');
    const lock = await readFile(`${await onePackage()}/pnpm-lock.yaml`, 'utf8');
    const check = async (files: Readonly<Record<string, string>>) =>
      await settingsOf(
        await writeProject({ ...project, 'app/pnpm-lock.yaml': lock, ...files }),
        'app/pnpm-lock.yaml',
      );
    expect(await check({ [FILE]: GOOD })).toEqual([]);
    expect(await check({ [`app/${FILE}`]: GOOD, [FILE]: 'lockfile: false\n' })).toEqual([]);
    expect(await check({ [`app/${FILE}`]: `${GOOD}lockfile: false\n`, [FILE]: GOOD })).toEqual([
      `setting lockfile app/${FILE}:3`,
    ]);
  });

  it('name no other registry for a lock of pnpm 8 either', async () => {
    const lock = `lockfileVersion: '6.0'\ndependencies:\n  left: { specifier: 1.2.3, version: 1.2.3 }\npackages:\n  /left@1.2.3: { resolution: { integrity: ${sha512('left')} } }\n`;
    const files = { 'package.json': MANIFEST, 'pnpm-lock.yaml': lock, [FILE]: GOOD };
    expect(await settingsOf(await writeProject(files), 'pnpm-lock.yaml')).toEqual([]);
    const root = await writeProject({ ...files, '.npmrc': 'registry=https://evil.test/\n' });
    expect(await settingsOf(root, 'pnpm-lock.yaml')).toEqual(['registry registry .npmrc:1']);
  });
});

describe('settings of Yarn 1', () => {
  const LOCK = `# yarn lockfile v1\n\n\nleft@1.2.3:\n  version "1.2.3"\n  resolved "https://registry.yarnpkg.com/left/-/left-1.2.3.tgz"\n  integrity ${sha512('left')}\n`;
  const check = async (file: string, text: string) =>
    await settingsOf(
      await writeProject({ 'package.json': MANIFEST, 'yarn.lock': LOCK, [file]: text }),
      'yarn.lock',
    );

  it.each([
    'registry "https://registry.yarnpkg.com"',
    'registry "https://registry.npmjs.org/"',
    '"@own:registry" "https://registry.npmjs.org/"',
    'strict-ssl true',
    '# a comment\n\nlastUpdateCheck 1562323\n--add.exact true\nyarn-path ".yarn/releases/yarn.js"',
  ])('may be %s', async (text) => {
    expect(await check('.yarnrc', `${text}\n`)).toEqual([]);
  });

  it.each([
    ['registry "http://registry.yarnpkg.com"', 'https registry'],
    ['registry "https://evil.test"', 'registry registry'],
    ['"registry" "https://evil.test"', 'registry registry'],
    ['"regi\\u0073try" "https://evil.test"', 'registry registry'],
    ['email, registry "https://evil.test"', 'registry registry'],
    ['"@own:registry" "https://evil.test"', 'registry @own:registry'],
    ['--install.registry "https://evil.test"', 'registry registry'],
    ['--registry "https://evil.test"', 'registry registry'],
    ['strict-ssl false', 'https strict-ssl'],
    ['--install.no-lockfile true', 'setting no-lockfile'],
    ['--update-checksums true', 'setting update-checksums'],
    ['{', 'setting .yarnrc'],
  ])('may not be %s', async (text, found) => {
    expect(await check('.yarnrc', `# first\n${text}\n`)).toEqual([`${found} .yarnrc:2`]);
  });

  it('count in .npmrc too', async () => {
    expect(await check('.npmrc', 'registry=https://registry.yarnpkg.com/\n')).toEqual([]);
    expect(await check('.npmrc', 'registry=https://evil.test/\n')).toEqual(['registry registry .npmrc:1']);
  });
});

describe('settings of Yarn 2 and later', () => {
  const LOCK = `__metadata:\n  version: 8\n\n"one@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "one@workspace:."\n  dependencies:\n    left: "npm:1.2.3"\n\n"left@npm:1.2.3":\n  version: 1.2.3\n  resolution: "left@npm:1.2.3"\n  checksum: 10c0/${'a'.repeat(128)}\n`;
  const check = async (text: string, registries: object = {}) =>
    await settingsOf(
      await writeProject({ 'package.json': MANIFEST, 'yarn.lock': LOCK, '.yarnrc.yml': text }),
      'yarn.lock',
      registries,
    );

  it('may be those that Yarn writes, and the registry', async () => {
    expect(await check('nodeLinker: node-modules\n\nyarnPath: .yarn/releases/yarn-4.9.1.cjs\n')).toEqual([]);
    expect(
      await check('npmRegistryServer: "https://registry.yarnpkg.com"\nchecksumBehavior: throw\n'),
    ).toEqual([]);
    expect(await check('enableStrictSsl: true\nunsafeHttpWhitelist: []\ndefaultProtocol: "npm:"\n')).toEqual(
      [],
    );
  });

  it.each([
    ['npmRegistryServer: http://registry.yarnpkg.com', 'https npmRegistryServer'],
    ['npmRegistryServer: "https://evil.test"', 'registry npmRegistryServer'],
    ['npmRegistryServer: "${SERVER:-https://registry.npmjs.org}"', 'registry npmRegistryServer'],
    [
      'npmScopes: { own: { npmRegistryServer: "https://evil.test" } }',
      'registry npmScopes.own.npmRegistryServer',
    ],
    ['checksumBehavior: ignore', 'setting checksumBehavior'],
    ['checksumBehavior: "update"', 'setting checksumBehavior'],
    ['enableStrictSsl: false', 'https enableStrictSsl'],
    ['enableStrictSsl: "false"', 'https enableStrictSsl'],
    ['unsafeHttpWhitelist: [evil.test]', 'https unsafeHttpWhitelist'],
    ['defaultProtocol: "github:"', 'setting defaultProtocol'],
    ['lockfileFilename: other.lock', 'setting lockfileFilename'],
  ])('may not be %s', async (text, found) => {
    expect(await check(`${text}\n`)).toEqual([`${found} .yarnrc.yml:1`]);
  });

  it('may have a registry of the policy for a scope, but not for everything', async () => {
    const npm = ['https://registry.npmjs.org/', 'https://npm.test/'];
    expect(await check('npmScopes: { own: { npmRegistryServer: "https://npm.test" } }\n', { npm })).toEqual(
      [],
    );
    expect(await check('npmRegistryServer: "https://npm.test"\n', { npm })).toHaveLength(1);
  });
});
