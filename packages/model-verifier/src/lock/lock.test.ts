import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LockedFile } from './document.ts';
import { openModelLock, parseModelLock, rootDigest } from './lock.ts';
import {
  lockedFile,
  lockedModel,
  lockOf,
  makeFolder,
  makeModel,
  smallLock,
  source,
} from '../sample-model.fixture.ts';

const graph = lockedFile('faces/model.onnx', 'model', Buffer.from('graph'));
const weights = lockedFile('faces/weights.bin', 'external-data', Buffer.from('weights'));
const refused = (code: string): unknown => expect.objectContaining({ name: 'ModelError', code }) as unknown;

/** A sound lock whose source says this about the file. */
function derivedLock(derivation: string): string {
  return JSON.stringify(lockOf({ faces: { ...lockedModel([graph]), source: { ...source, derivation } } }));
}

function parsing(value: unknown): () => unknown {
  return () => parseModelLock(typeof value === 'string' ? value : JSON.stringify(value));
}
/** Parses a lock whose one model has these files. */
function parsingFiles(...files: readonly unknown[]): () => unknown {
  return parsing(lockOf({ faces: lockedModel(files as LockedFile[]) }));
}
/** Parses a lock whose one model comes from here. */
function parsingSource(value: unknown): () => unknown {
  return parsing({ lockfileVersion: 1, models: { faces: { ...lockedModel([graph]), source: value } } });
}

describe('parseModelLock', () => {
  it('answers with what the text says', () => {
    expect(parseModelLock(JSON.stringify(smallLock))).toEqual(smallLock);
  });

  it('answers with a value that cannot be changed', () => {
    const lock = parseModelLock(JSON.stringify(smallLock));
    const file = lock.models['faces']?.files[0];
    expect(() => Object.assign(file ?? {}, { sha256: '0'.repeat(64) })).toThrow(TypeError);
    expect(() => Object.assign(lock.models, { other: {} })).toThrow(TypeError);
  });

  it('accepts a lock without models', () => {
    expect(parsing(lockOf({}))).not.toThrow();
  });

  it('accepts a URL as source', () => {
    expect(
      parsingSource({ type: 'url', url: 'https://example.com/m.onnx', revision: '0123abc' }),
    ).not.toThrow();
  });

  it('accepts a derivation of an npm source', () => {
    expect(parsingSource({ ...source, derivation: 'converted from a TensorFlow.js graph' })).not.toThrow();
  });

  describe('refuses with ERR_MODEL_LOCK', () => {
    it.each([
      ['text that is not JSON', 'lockfileVersion: 1'],
      ['nothing', ''],
      ['null', 'null'],
      ['a later version', { ...smallLock, lockfileVersion: 3 }],
      ['no version', { models: {} }],
      ['an unknown key at the top', { ...smallLock, comment: '' }],
      ['an unknown key in a model', lockOf({ faces: { ...lockedModel([graph]), signer: 'me' } as never })],
      ['a model name with a slash', lockOf({ 'a/b': lockedModel([graph]) })],
      ['an empty model name', lockOf({ '': lockedModel([graph]) })],
      [
        'a model named __proto__',
        `{"lockfileVersion":1,"models":{"__proto__":${JSON.stringify(smallLock.models['faces'])}}}`,
      ],
      ['a model listed twice', JSON.stringify(smallLock).replace('"faces":', '"faces":{},"faces":')],
      [
        'two digests for one file',
        JSON.stringify(smallLock).replace('"sha256":', `"sha256":"${'0'.repeat(64)}","sha256":`),
      ],
      ['models as an array', { lockfileVersion: 1, models: [] }],
      ['an empty licence', lockOf({ faces: { ...lockedModel([graph]), licence: '' } })],
    ])('%s', (_, value) => {
      expect(parsing(value)).toThrow(refused('ERR_MODEL_LOCK'));
    });

    it.each([
      ['no file', []],
      ['no file with the role model', [weights]],
      ['two files with the role model', [graph, { ...graph, path: 'faces/other.onnx' }]],
      ['an unknown role', [{ ...graph, role: 'weights' }]],
      ['an unknown key in a file', [{ ...graph, mode: 0o644 }]],
      ['an upper-case digest', [{ ...graph, sha256: graph.sha256.toUpperCase().replace(/\d/g, 'A') }]],
      ['a digest of 63 digits', [{ ...graph, sha256: graph.sha256.slice(1) }]],
      ['a digest of 65 digits', [{ ...graph, sha256: `${graph.sha256}0` }]],
      ['a digest with a final newline', [{ ...graph, sha256: `${graph.sha256}\n` }]],
      ['a fractional size', [{ ...graph, bytes: 1.5 }]],
      ['a size as text', [{ ...graph, bytes: '5' }]],
    ])('%s', (_, files) => {
      expect(parsingFiles(...files)).toThrow(refused('ERR_MODEL_LOCK'));
    });

    it.each([
      ['an unknown source', { type: 'git', url: 'https://example.com' }],
      ['an http URL', { type: 'url', url: 'http://example.com/m.onnx', revision: '1' }],
      ['a URL with a password', { type: 'url', url: 'https://me:secret@example.com/m.onnx', revision: '1' }],
      ['a URL with a fragment', { type: 'url', url: 'https://example.com/m.onnx#x', revision: '1' }],
      ['a URL without host', { type: 'url', url: 'https://', revision: '1' }],
      ['an empty revision', { type: 'url', url: 'https://example.com/m.onnx', revision: '' }],
      ['a version range', { ...source, version: '^1.2.0' }],
      ['a weak integrity', { ...source, integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }],
      ['a package name with a path', { ...source, package: '../faces' }],
    ])('%s', (_, value) => {
      expect(parsingSource(value)).toThrow(refused('ERR_MODEL_LOCK'));
    });
  });

  it('accepts 1 byte and refuses 0', () => {
    expect(parsingFiles({ ...graph, bytes: 1 })).not.toThrow();
    expect(parsingFiles({ ...graph, bytes: 0 })).toThrow(refused('ERR_MODEL_LOCK'));
  });

  it('accepts 4 GiB and refuses one byte more', () => {
    expect(parsingFiles({ ...graph, bytes: 4 * 1024 ** 3 })).not.toThrow();
    expect(parsingFiles({ ...graph, bytes: 4 * 1024 ** 3 + 1 })).toThrow(refused('ERR_MODEL_LOCK'));
  });

  describe('refuses with ERR_MODEL_PATH', () => {
    it.each([
      ['a path that climbs', [{ ...graph, path: 'faces/../model.onnx' }]],
      ['a path from the root', [{ ...graph, path: '/faces/model.onnx' }]],
      ['a bare file name', [{ ...graph, path: 'model.onnx' }]],
      ['a path listed twice', [graph, { ...graph, role: 'labels' }]],
      ['two paths that differ in case only', [graph, { ...weights, path: 'faces/MODEL.onnx' }]],
      ['files in two top folders', [graph, { ...weights, path: 'other/weights.bin' }]],
      ['external data above the model', [{ ...graph, path: 'faces/onnx/model.onnx' }, weights]],
    ])('%s', (_, files) => {
      expect(parsingFiles(...files)).toThrow(refused('ERR_MODEL_PATH'));
    });

    it('a path of the source that climbs', () => {
      expect(parsingSource({ ...source, path: '../../m.onnx' })).toThrow(refused('ERR_MODEL_PATH'));
    });
  });

  it('lets two models share a file that they promise alike, and refuses it otherwise', () => {
    const licence = lockedFile('text/LICENSE', 'licence', Buffer.from('terms'));
    const model = (name: string, terms: LockedFile): ReturnType<typeof lockedModel> =>
      lockedModel([lockedFile(`text/${name}.onnx`, 'model', Buffer.from(name)), terms]);
    expect(parsing(lockOf({ a: model('a', licence), b: model('b', licence) }))).not.toThrow();
    expect(
      parsing(lockOf({ a: model('a', licence), b: model('b', { ...licence, sha256: '0'.repeat(64) }) })),
    ).toThrow(refused('ERR_MODEL_PATH'));
    expect(parsing(lockOf({ a: model('a', licence), b: model('b', { ...licence, bytes: 6 }) }))).toThrow(
      refused('ERR_MODEL_PATH'),
    );
  });

  it('says where the lock is malformed and keeps the library out of the message', () => {
    expect(parsingFiles({ ...graph, bytes: -1 })).toThrow(
      expect.objectContaining({ message: 'malformed at "models.faces.files.0.bytes" (too_small)' }),
    );
  });
});

describe('openModelLock', () => {
  it('answers with root, digest and document', async () => {
    const { root, lockPath } = await makeModel();
    const lock = await openModelLock(lockPath);
    const text = await readFile(lockPath);
    expect(lock.root).toBe(root);
    expect(lock.digest).toBe(`sha256:${createHash('sha256').update(text).digest('hex')}`);
    expect(lock.document).toEqual(JSON.parse(text.toString()));
  });

  it('accepts 1 MiB and refuses one byte more', async () => {
    const path = join(await makeFolder(), 'models.lock');
    const text = JSON.stringify(smallLock);
    await writeFile(path, text.padEnd(1024 * 1024));
    await expect(openModelLock(path)).resolves.toMatchObject({ document: smallLock });
    await writeFile(path, text.padEnd(1024 * 1024 + 1));
    await expect(openModelLock(path)).rejects.toMatchObject({
      code: 'ERR_MODEL_LOCK',
      cause: { code: 'ERR_MODEL_SIZE' },
    });
  });

  it('refuses a lock that is not there and keeps the cause', async () => {
    const root = await makeFolder();
    const error: unknown = await openModelLock(join(root, 'models.lock')).catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: 'ERR_MODEL_LOCK',
      cause: { code: 'ERR_MODEL_MISSING', cause: { code: 'ENOENT' } },
    });
    expect((error as Error).message).not.toContain(root);
  });

  it('refuses a symbolic link to a lock', async () => {
    const { root, lockPath } = await makeModel();
    await rename(lockPath, join(root, 'real.lock'));
    await symlink('real.lock', lockPath);
    await expect(openModelLock(lockPath)).rejects.toMatchObject({
      code: 'ERR_MODEL_LOCK',
      cause: { code: 'ERR_MODEL_LINK' },
    });
  });

  it('refuses a lock with a second hard link', async () => {
    const { root, lockPath } = await makeModel();
    await link(lockPath, join(root, 'twin.lock'));
    await expect(openModelLock(lockPath)).rejects.toMatchObject({ code: 'ERR_MODEL_LOCK' });
  });

  it('refuses a folder', async () => {
    const path = join(await makeFolder(), 'models.lock');
    await mkdir(path);
    await expect(openModelLock(path)).rejects.toMatchObject({ code: 'ERR_MODEL_LOCK' });
  });

  it.skipIf(process.platform === 'win32')('refuses a pipe without waiting for a writer', async () => {
    const path = join(await makeFolder(), 'models.lock');
    execFileSync('mkfifo', [path]);
    await expect(openModelLock(path)).rejects.toMatchObject({ code: 'ERR_MODEL_LOCK' });
  });

  it.each([
    ['a text that is not UTF-8', Buffer.from(derivedLock('Ã'), 'latin1')],
    ['a byte order mark', Buffer.from(`\uFEFF${JSON.stringify(smallLock)}`)],
    ['UTF-16', Buffer.from(JSON.stringify(smallLock), 'utf16le')],
    ['an empty file', Buffer.alloc(0)],
  ])('refuses %s', async (_, bytes) => {
    const path = join(await makeFolder(), 'models.lock');
    await writeFile(path, bytes);
    await expect(openModelLock(path)).rejects.toMatchObject({ code: 'ERR_MODEL_LOCK' });
  });
});

const goldens = join(
  process.env['SALLYPORT_SHARED'] ?? join(import.meta.dirname, '../../../../../shared'),
  'vectors/oms/model-transparency/payload-goldens',
);

describe('rootDigest', () => {
  it('is the SHA-256 of the raw digests in order', () => {
    const raw = Buffer.concat([Buffer.from(graph.sha256, 'hex'), Buffer.from(weights.sha256, 'hex')]);
    expect(rootDigest([graph, weights])).toBe(`sha256:${createHash('sha256').update(raw).digest('hex')}`);
    expect(rootDigest([weights, graph])).not.toBe(rootDigest([graph, weights]));
  });

  it.skipIf(!existsSync(goldens))(
    'is the subject digest of OpenSSF Model Signing (skipped without the shared vectors beside the checkout)',
    async () => {
      const statement = JSON.parse(await readFile(join(goldens, 'sample_model_folder.json'), 'utf8')) as {
        subject: [{ digest: { sha256: string } }];
        predicate: { resources: { name: string; digest: string }[] };
      };
      const files = statement.predicate.resources.map(({ name, digest }): LockedFile => ({
        path: name,
        role: 'labels',
        bytes: 1,
        sha256: digest,
      }));
      expect(files.length).toBeGreaterThan(1);
      expect(rootDigest(files)).toBe(`sha256:${statement.subject[0].digest.sha256}`);
    },
  );
});
