import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { discoverBenches, selectBench } from './discovery.ts';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  for (const path of [
    'packages/b/bench/decode.bench.ts',
    'apps/a/bench/pipeline.bench.ts',
    'apps/a/bench/decode.bench.ts',
    'apps/a/bench/fixture.ts',
    'apps/a/src/wrong-place.bench.ts',
    'tools/t/bench/not-ours.bench.ts',
  ]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('discoverBenches', () => {
  it('finds bench modules of packages and apps, and nothing else', () => {
    expect(discoverBenches(root)).toEqual([
      { name: 'decode', project: 'apps/a', path: 'apps/a/bench/decode.bench.ts' },
      { name: 'pipeline', project: 'apps/a', path: 'apps/a/bench/pipeline.bench.ts' },
      { name: 'decode', project: 'packages/b', path: 'packages/b/bench/decode.bench.ts' },
    ]);
  });

  it('finds nothing in an empty folder', () => {
    expect(discoverBenches(join(root, 'apps/a/src'))).toEqual([]);
  });
});

describe('selectBench', () => {
  it('picks a bench by its name', () => {
    expect(selectBench(discoverBenches(root), 'pipeline').path).toBe('apps/a/bench/pipeline.bench.ts');
  });

  it('picks between two of one name by the project', () => {
    expect(selectBench(discoverBenches(root), 'b/decode').path).toBe('packages/b/bench/decode.bench.ts');
  });

  it('refuses a name that two projects use, and names both', () => {
    expect(() => selectBench(discoverBenches(root), 'decode')).toThrow('a/decode, b/decode');
  });

  it('refuses an unknown name and lists what there is', () => {
    expect(() => selectBench(discoverBenches(root), 'pipelin')).toThrow('a/pipeline');
  });
});
