import { describe, expect, it } from 'vitest';
import { parseArchiveName, parseRequirement, pinnedVersion } from './python-requirement.ts';

describe('a requirement', () => {
  it.each([
    ['a', { name: 'a', specifier: '' }],
    ['A.b-c_d (>=1.0, !=1.5)', { name: 'A.b-c_d', specifier: '>=1.0,!=1.5' }],
    [
      'a[x , y]~=1.0;python_version<"3"',
      { extras: ['x', 'y'], specifier: '~=1.0', marker: 'python_version<"3"' },
    ],
    [
      'a@https://example.org/a.whl ; os_name=="nt"',
      { url: 'https://example.org/a.whl', marker: 'os_name=="nt"' },
    ],
  ])('%s', (text, expected) => {
    expect(parseRequirement(text)).toMatchObject(expected);
  });

  it.each(['', '-x', 'a b', 'a==', 'a[', 'a (==1', '==1.0', './a'])('is not %j', (text) => {
    expect(parseRequirement(text)).toBeUndefined();
  });

  it('is pinned by an equals sign without a wildcard', () => {
    expect(['==1.0', '===weird', '==1.0,>0', '==1.*', '>=1', '~=1.0', ''].map(pinnedVersion)).toEqual([
      '1.0',
      'weird',
      '1.0',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('may be in the name of an archive', () => {
    expect(parseArchiveName('opencv_python-4.5.1-1-cp39-cp39-win_amd64.whl')).toEqual({
      name: 'opencv_python',
      version: '4.5.1',
    });
    expect(parseArchiveName('some-name-1.0.tar.gz')).toEqual({ name: 'some-name', version: '1.0' });
    expect(parseArchiveName('readme.txt')).toBeUndefined();
  });
});
