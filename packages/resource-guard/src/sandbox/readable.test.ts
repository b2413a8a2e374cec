import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findReadable } from './readable.ts';

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'readable-')));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function put(path: string, text = '{}'): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function link(path: string, target: string): void {
  const entry = join(root, path);
  mkdirSync(dirname(entry), { recursive: true });
  symlinkSync(join(root, target), entry);
}

it('shows the package of a module and the packages above it, not what lies beside them', () => {
  put('secrets/key');
  put('node_modules/a/package.json');
  put('apps/web/package.json');
  const worker = put('apps/web/src/worker.js');
  expect(findReadable(worker)).toEqual([join(root, 'apps/web'), join(root, 'node_modules')]);
});

it('shows a module without a package with its folder', () => {
  expect(findReadable(put('job/worker.mjs'))).toEqual([join(root, 'job')]);
});

it('shows nothing but the module itself in a folder that everybody shares', () => {
  const worker = join(tmpdir(), 'readable-test-worker.mjs');
  writeFileSync(worker, '');
  expect(findReadable(worker)).toEqual([worker]);
  rmSync(worker);
});

it('follows links to packages of a workspace and to theirs', () => {
  put('packages/b/package.json');
  put('packages/c/package.json');
  link('packages/b/node_modules/@scope/c', 'packages/c');
  put('app/package.json');
  link('app/node_modules/b', 'packages/b');
  const worker = put('app/worker.js');
  expect(findReadable(worker)).toEqual(['app', 'packages/b', 'packages/c'].map((path) => join(root, path)));
});

it('follows links into a store, where the dependencies of a package lie beside it', () => {
  put('store/b@1/node_modules/b/package.json');
  put('store/c@1/node_modules/c/package.json');
  link('store/b@1/node_modules/c', 'store/c@1/node_modules/c');
  put('app/package.json');
  link('app/node_modules/b', 'store/b@1/node_modules/b');
  const worker = put('app/worker.js');
  const expected = ['app', 'store/b@1/node_modules', 'store/c@1/node_modules'];
  expect(findReadable(worker)).toEqual(expected.map((path) => join(root, path)));
});

it('comes to an end where links lead in circles', () => {
  put('a/package.json');
  put('b/package.json');
  link('a/node_modules/b', 'b');
  link('b/node_modules/a', 'a');
  link('a/node_modules/gone', 'nowhere');
  expect(findReadable(put('a/worker.js'))).toEqual([join(root, 'a'), join(root, 'b')]);
});
