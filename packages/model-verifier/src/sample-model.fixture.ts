// A model on disk with its lock, made anew for each test.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type {
  LockedFile,
  LockedModel,
  ModelFileRole,
  ModelLockDocument,
  NpmSource,
} from './lock/document.ts';

export const source: NpmSource = {
  type: 'npm',
  package: '@example/faces',
  version: '1.2.0',
  integrity: `sha512-${'A'.repeat(86)}==`,
  path: 'onnx/faces.onnx',
};

/** Larger than two read pieces, so that something can happen between them. */
export const WEIGHTS = new Uint8Array(2 * 1024 * 1024 + 7).map((_, index) => index % 251);

export function lockedFile(path: string, role: ModelFileRole, data: Uint8Array): LockedFile {
  return { path, role, bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') };
}

export function lockedModel(files: readonly LockedFile[]): LockedModel {
  return { licence: 'Apache-2.0', source, files };
}

export function lockOf(models: Readonly<Record<string, LockedModel>>): ModelLockDocument {
  return { lockfileVersion: 1, models };
}

/** A document with one model, `faces`, of one file. */
export const smallLock: ModelLockDocument = lockOf({
  faces: lockedModel([lockedFile('faces/model.onnx', 'model', Buffer.from('graph'))]),
});

export interface SampleModel {
  readonly root: string;
  readonly lockPath: string;
  /** Absolute path of a path of the lock. */
  readonly at: (path: string) => string;
}

const contents: readonly (readonly [path: string, role: ModelFileRole, data: Uint8Array])[] = [
  ['faces/onnx/model.onnx', 'model', Buffer.from('a graph of fifteen')],
  ['faces/onnx/data/weights.bin', 'external-data', WEIGHTS],
  ['faces/labels.txt', 'labels', Buffer.from('face\n')],
];

/** An empty folder that is gone after the test. */
export async function makeFolder(): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'model-verifier-')));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

/** Writes the model `faces` and its lock. Times lie in the past, so that every later write shows in them. */
export async function makeModel(): Promise<SampleModel> {
  const root = await makeFolder();
  const at = (path: string): string => join(root, path);
  for (const [path, , data] of contents) {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), data);
    await utimes(at(path), 1, 1);
  }
  const files = contents.map(([path, role, data]) => lockedFile(path, role, data));
  await writeFile(at('models.lock'), JSON.stringify(lockOf({ faces: lockedModel(files) })));
  return { root, lockPath: at('models.lock'), at };
}
