import { describe, expect, it } from 'vitest';
import { checkDependencies } from '../check-dependencies.ts';
import { ONE_PACKAGE_LOCK, onePackage, sha512 } from '../testing/workspace.ts';

const GOOD = sha512('left');

/** Rule and line of each violation after a change to the lock. */
async function violationsOf(replace: Readonly<Record<string, string>>): Promise<string[]> {
  const { violations } = await checkDependencies({ root: await onePackage(replace) });
  return violations.map(({ rule, package: subject, line }) => `${rule} ${subject}:${line ?? '-'}`);
}

/** Line of the package's key in the lock. */
const LINE = ONE_PACKAGE_LOCK.split('\n').lastIndexOf('  left@1.2.3:') + 1;

describe('integrity', () => {
  it('is missing', async () => {
    expect(await violationsOf({ [`integrity: ${GOOD}`]: '' })).toEqual([
      `integrity-missing left@1.2.3:${LINE}`,
    ]);
  });

  it('is weak', async () => {
    const sha1 = `sha1-${Buffer.alloc(20, 1).toString('base64')}`;
    expect(await violationsOf({ [GOOD]: sha1 })).toEqual([`integrity-weak left@1.2.3:${LINE}`]);
  });

  it('has 63 bytes instead of 64', async () => {
    const short = `sha512-${Buffer.alloc(63, 1).toString('base64')}`;
    expect(await violationsOf({ [GOOD]: short })).toEqual([`integrity-malformed left@1.2.3:${LINE}`]);
    const whole = `sha512-${Buffer.alloc(64, 1).toString('base64')}`;
    expect(await violationsOf({ [GOOD]: whole })).toEqual([]);
  });

  it.each(['null', '1', '[a]', '{a: b}'])('is %s instead of text', async (value) => {
    expect(await violationsOf({ [GOOD]: value })).toEqual([`integrity-malformed left@1.2.3:${LINE}`]);
  });
});

describe('resolution', () => {
  const withTarball = (url: string): Record<string, string> => ({
    [`{integrity: ${GOOD}}`]: `{integrity: ${GOOD}, tarball: '${url}'}`,
  });

  it('may name the tarball that the registry serves', async () => {
    expect(await violationsOf(withTarball('https://registry.npmjs.org/left/-/left-1.2.3.tgz'))).toEqual([]);
  });

  it.each([
    ['https', 'http://registry.npmjs.org/left/-/left-1.2.3.tgz'],
    ['registry', 'https://registry.npmjs.org.evil.example/left/-/left-1.2.3.tgz'],
    ['registry', 'https://registry.npmjs.org@evil.example/left/-/left-1.2.3.tgz'],
    ['registry', 'https://registry.npmjs.org/left/-/left-1.2.4.tgz'],
    ['registry', '../left-1.2.3.tgz'],
  ])('breaks the rule %s with the tarball %s', async (rule, url) => {
    expect(await violationsOf(withTarball(url))).toEqual([`${rule} left@1.2.3:${LINE}`]);
  });

  it('breaks two rules with a tarball and no integrity', async () => {
    const bare = { [`{integrity: ${GOOD}}`]: "{tarball: 'https://codeload.example/left/tar.gz/abc'}" };
    expect(await violationsOf(bare)).toEqual([
      `integrity-missing left@1.2.3:${LINE}`,
      `registry left@1.2.3:${LINE}`,
    ]);
  });

  it.each([
    ['git', '{type: git, repo: https://example.com/left.git, commit: 0123456}'],
    ['a folder', '{type: directory, directory: ../left}'],
    ['a binary', `{type: binary, url: https://example.com/left, integrity: ${GOOD}}`],
    ['something of a later version', `{integrity: ${GOOD}, somethingNew: true}`],
  ])('is refused by %s', async (_, resolution) => {
    expect(await violationsOf({ [`{integrity: ${GOOD}}`]: resolution })).toContain(
      `exotic-source left@1.2.3:${LINE}`,
    );
  });

  it('is refused for a key that is no version', async () => {
    const found = await violationsOf({ 'left@1.2.3:': 'left@https://example.com/left.tgz:' });
    expect(found.filter((text) => text.startsWith('exotic-source'))).toHaveLength(1);
  });
});

describe('references', () => {
  it('miss a snapshot', async () => {
    expect(await violationsOf({ '  left@1.2.3: {}': '  left@1.2.4: {}' })).toEqual([
      'lock-incomplete left:11',
      'lock-incomplete left@1.2.4:23',
    ]);
  });

  it('miss what a snapshot depends on', async () => {
    const found = await violationsOf({
      'left@1.2.3: {}': 'left@1.2.3:\n    dependencies:\n      right: 2.0.0',
    });
    expect(found).toEqual(['lock-incomplete right:25']);
  });

  it('may not leave the workspace by a link', async () => {
    const found = await violationsOf({
      'left@1.2.3: {}': 'left@1.2.3:\n    dependencies:\n      right: link:../right',
    });
    expect(found).toEqual(['exotic-source right:25']);
  });
});

it('shows a name that would rewrite the terminal line as what it is', async () => {
  const found = await violationsOf({ '  left@1.2.3:\n': '  "left\\e[2K@1.2.3":\n', [GOOD]: 'sha512-abc' });
  expect(found).toContain(`integrity-malformed left\\u{1b}[2K@1.2.3:${LINE}`);
});

it(
  'reports five thousand faults of one lock with their lines, within seconds',
  { timeout: 60_000 },
  async () => {
    const names = Array.from({ length: 5000 }, (_, index) => `p${index}`);
    const lock = ONE_PACKAGE_LOCK.replace(
      'packages:\n',
      `packages:\n\n${names.map((name) => `  ${name}@1.0.0:\n    resolution: {}\n`).join('\n')}`,
    );
    const started = performance.now();
    const { violations } = await checkDependencies({ root: await onePackage({ [ONE_PACKAGE_LOCK]: lock }) });
    expect(violations).toHaveLength(5000);
    expect(violations.at(-1)).toMatchObject({
      package: 'p4999@1.0.0',
      line: lock.split('\n').indexOf('  p4999@1.0.0:') + 1,
    });
    expect(performance.now() - started).toBeLessThan(20_000);
  },
);
