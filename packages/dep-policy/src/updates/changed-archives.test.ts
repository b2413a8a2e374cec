import { describe, expect, it } from 'vitest';
import { readLockfile } from '../readers/read-lockfile.ts';
import { sha512, writeProject } from '../testing/workspace.ts';
import { changedArchives } from './changed-archives.ts';

async function change(path: string, before: string | object, after: string | object) {
  const read = async (content: string | object) => [
    await readLockfile({ root: await writeProject({ [path]: content }), path }),
  ];
  return changedArchives(await read(before), await read(after)).map(
    ({ to, isExchanged }) => `${to} ${isExchanged}`,
  );
}

describe('the archives of a version that stays', () => {
  const npm = (integrity: string | undefined, more: object = {}) => ({
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { a: '1' } },
      'node_modules/a': { version: '1.0.0', integrity, ...more },
    },
  });
  const weak = `sha1-${Buffer.alloc(20).toString('base64')}`;
  const git = (commit: string) => npm(undefined, { resolved: `git+ssh://git@x.test/a.git#${commit}` });

  it.each([
    ['the same', npm(sha512('a')), npm(sha512('a')), []],
    ['fewer of the same', npm(`${weak} ${sha512('a')}`), npm(sha512('a')), []],
    ['another', npm(sha512('a')), npm(sha512('b')), ['1.0.0 (another archive) true']],
    ['one more', npm(sha512('a')), npm(`${sha512('a')} ${sha512('b')}`), ['1.0.0 (another archive) true']],
    ['none', npm(sha512('a')), npm(undefined), ['1.0.0 (another archive) true']],
    ['a strong hash for a weak one', npm(weak), npm(sha512('a')), ['1.0.0 (1 more) false']],
    ['another commit', git('abc'), git('abd'), ['1.0.0 (another archive) true']],
    ['the same commit', git('abc'), git('abc'), []],
  ])('of npm are %s', async (_what, before, after, changes) => {
    expect(await change('package-lock.json', before, after)).toEqual(changes);
  });

  const pip = (...digits: readonly string[]) =>
    `a==1.0 ${digits.map((digit) => `--hash=sha256:${digit.repeat(64)}`).join(' ')}\n`;

  it.each([
    ['one more wheel', pip('1', '2'), pip('1', '2', '3'), ['1.0 (1 more) false']],
    ['another wheel', pip('1', '2'), pip('1', '3'), ['1.0 (another archive) true']],
    ['a wheel less', pip('1', '2'), pip('1'), []],
  ])('of PyPI are %s', async (_what, before, after, changes) => {
    expect(await change('requirements.txt', before, after)).toEqual(changes);
  });
});
