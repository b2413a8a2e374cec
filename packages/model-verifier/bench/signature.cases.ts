import { createHash, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as verifier from '../src/index.ts';
import type { BenchCase } from './bench-case.ts';

// As it is built: a thread that has to strip types first takes more than twice as long to start.
const built = new URL('../dist/index.js', import.meta.url).href;
const { signModel, signWithKey, trustKey, verifyBundle, verifyModel } = (await import(
  built
)) as typeof verifier;

const BYTES = Number(process.env['VERIFIER_MB'] ?? 500) * 1_000_000;
const CHUNK_BYTES = 1024 * 1024;

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const trust = trustKey(publicKey);
const signer = signWithKey(privateKey);

/** A signed model in a folder of its own: random bytes in files of one size. */
class Model {
  root = '';
  signature: Uint8Array = new Uint8Array();
  readonly #files: number;
  constructor(files: number) {
    this.#files = files;
  }

  async make(): Promise<void> {
    this.root = join(await mkdtemp(join(tmpdir(), 'model-verifier-bench-')), 'model');
    await mkdir(this.root);
    const chunk = randomBytes(CHUNK_BYTES);
    for (let index = 0; index < this.#files; index++) {
      await using handle = await open(join(this.root, `w${index}`), 'wx');
      for (let left = BYTES / this.#files; left > 0; left -= CHUNK_BYTES) {
        chunk.writeDoubleLE(left, 0);
        await handle.write(chunk, 0, Math.min(CHUNK_BYTES, left));
      }
    }
    this.signature = Buffer.from((await signModel(this.root, signer)).bundle);
  }

  async verify(threads?: number): Promise<void> {
    const options = threads === undefined ? {} : { threads };
    const { verdict, reasons } = await verifyModel(this.root, {
      signature: this.signature,
      trust,
      ...options,
    });
    if (verdict !== 'verified') throw new Error(reasons[0]?.message);
  }

  async remove(): Promise<void> {
    await rm(join(this.root, '..'), { recursive: true, force: true });
  }
}

/** What hashing a file takes at least: one buffer, read and hashed in turn. */
function hashBare(path: string): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const file = openSync(path, 'r');
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hash.update(buffer.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

const one = new Model(1);
const eight = new Model(8);
const small = new Model(1);
const payload = Buffer.from('signed');
const signature = { data: payload, sig: Buffer.alloc(0) };

export const signatureCases: readonly BenchCase[] = [
  {
    name: `one file of ${BYTES / 1_000_000} MB, against a bare read and hash`,
    goal: { minSpeed: 1 / 1.1 },
    prepare: () => one.make(),
    baseline: async () => Promise.resolve(hashBare(join(one.root, 'w0'))),
    measured: () => one.verify(),
    dispose: () => one.remove(),
  },
  {
    name: `8 files of ${BYTES / 8_000_000} MB, two threads against one`,
    goal: { minSpeed: 1.6 },
    prepare: () => eight.make(),
    baseline: () => eight.verify(1),
    measured: () => eight.verify(2),
    dispose: () => eight.remove(),
  },
  {
    name: 'a signature by a key, without files, against one ECDSA check',
    goal: { maxMs: 5 },
    prepare: async (): Promise<void> => {
      small.root = join(await mkdtemp(join(tmpdir(), 'model-verifier-bench-')), 'model');
      await mkdir(small.root);
      await writeFile(join(small.root, 'w'), 'weights');
      const { bundle } = await signModel(small.root, {
        ...signer,
        sign: async (data: Uint8Array): Promise<Uint8Array> => {
          signature.data = Buffer.from(data);
          signature.sig = Buffer.from(await signer.sign(data));
          return signature.sig;
        },
      });
      small.signature = Buffer.from(bundle);
    },
    baseline: async () => Promise.resolve(verify('sha256', signature.data, publicKey, signature.sig)),
    measured: () => verifyBundle(small.signature, { trust }),
    dispose: () => small.remove(),
  },
];
