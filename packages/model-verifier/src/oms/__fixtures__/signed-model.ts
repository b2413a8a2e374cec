// A signed model on disk, and bundles of any shape.
import { createHash, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../sample-model.fixture.ts';
import { keyHint, signatureDigest } from '../key.ts';
import { PAYLOAD_TYPE, preAuthEncoding } from '../pae.ts';
import { signModel } from '../sign-model.ts';
import { signWithKey } from '../signer.ts';
import { makeKeys, type KeyPair } from './certificate-authority.ts';

export const FILES: Readonly<Record<string, string>> = {
  'config.json': '{}',
  'weights/a.bin': 'aaaa',
  'weights/b.bin': 'bbbbbbbb',
};

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Writes files into a folder that is gone after the test. */
export async function makeModel(
  files: Readonly<Record<string, string | Uint8Array>> = FILES,
): Promise<string> {
  const root = join(await makeFolder(), 'model');
  await mkdir(root);
  for (const [path, data] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), data);
  }
  return root;
}

export interface SignedFixture {
  readonly root: string;
  readonly keys: KeyPair;
  /** The bundle's bytes. */
  readonly signature: Buffer;
}

export async function makeSignedModel(
  options: Parameters<typeof signModel>[2] = {},
  files: Readonly<Record<string, string | Uint8Array>> = FILES,
): Promise<SignedFixture> {
  const root = await makeModel(files);
  const keys = makeKeys();
  const { bundle } = await signModel(root, signWithKey(keys.privateKey), options);
  return { root, keys, signature: Buffer.from(bundle) };
}

export interface Predicate {
  readonly resources: readonly {
    readonly name: string;
    readonly digest: string;
    readonly algorithm: string;
  }[];
  readonly serialization: Readonly<Record<string, unknown>>;
}

/** Resources with the digest of their own name. */
export function resourcesOf(...names: readonly string[]): Predicate['resources'] {
  return names.map((name) => ({ name, digest: sha256(name), algorithm: 'sha256' }));
}

/** A statement over these resources, with a root digest that fits. */
export function statementOf(
  resources: Predicate['resources'],
  serialization: Readonly<Record<string, unknown>> = {},
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const root = createHash('sha256');
  for (const { digest } of resources) root.update(digest, 'hex');
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'model', digest: { sha256: root.digest('hex') } }],
    predicateType: 'https://model_signing/signature/v1.0',
    predicate: {
      resources,
      serialization: { method: 'files', hash_type: 'sha256', allow_symlinks: false, ...serialization },
    },
    ...changes,
  };
}

/** Signs any payload as a bundle, sound or not, one signature for each key. */
export function bundleOf(
  payload: object | string,
  keys: readonly KeyObject[],
  changes: Readonly<Record<string, unknown>> = {},
  material: Readonly<Record<string, unknown>> = { publicKey: { hint: hintOf(keys[0]) } },
): Buffer {
  const bytes = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return Buffer.from(
    JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: material,
      dsseEnvelope: {
        payload: bytes.toString('base64'),
        payloadType: PAYLOAD_TYPE,
        signatures: keys.map((key) => ({
          sig: sign(signatureDigest(key), preAuthEncoding(PAYLOAD_TYPE, bytes), key).toString('base64'),
        })),
      },
      ...changes,
    }),
  );
}

function hintOf(key: KeyObject | undefined): string {
  return key === undefined ? 'none' : keyHint(createPublicKey(key));
}

/** A folder with these files, signed as these resources by hand, sound or not. */
export async function signedAs(
  files: Readonly<Record<string, string | Uint8Array>>,
  statement: object,
): Promise<SignedFixture> {
  const keys = makeKeys();
  return { root: await makeModel(files), keys, signature: bundleOf(statement, [keys.privateKey]) };
}
