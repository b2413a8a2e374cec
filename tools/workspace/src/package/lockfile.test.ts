import { describe, expect, it } from 'vitest';
import { addImporter } from './lockfile.ts';

const LOCK = `lockfileVersion: '9.0'

importers:

  .:
    devDependencies:
      packages/z:
        specifier: 1.0.0

  packages/b: {}

  tools/d: {}

packages:

  a@1.0.0: {}
`;

describe('a project without dependencies', () => {
  it('goes to its alphabetical place among the importers', () => {
    expect(addImporter(LOCK, 'packages/c')).toBe(LOCK.replace('  tools/d', '  packages/c: {}\n\n  tools/d'));
  });

  it('may be the last of them', () => {
    expect(addImporter(LOCK, 'tools/e')).toBe(LOCK.replace('packages:\n', '  tools/e: {}\n\npackages:\n'));
  });

  it('is not named twice', () => {
    expect(addImporter(LOCK, 'packages/b')).toBe(LOCK);
  });

  it('cannot be named in a lock without importers', () => {
    expect(() => addImporter("lockfileVersion: '9.0'\n", 'packages/b')).toThrow(RangeError);
  });
});
