import { spawnSync } from 'node:child_process';
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { makeFolder } from '../sample-model.fixture.ts';
import {
  basicConstraints,
  CODE_SIGNING,
  extendedKeyUsage,
  keyUsage,
  makeCertificate,
  makeKeys,
} from './__fixtures__/certificate-authority.ts';
import { makeModel } from './__fixtures__/signed-model.ts';
import { preAuthEncoding } from './pae.ts';
import { signModel } from './sign-model.ts';
import { signWithCertificate, signWithKey } from './signer.ts';
import { trustCertificates } from './trust-certificates.ts';
import { trustKey } from './trust-key.ts';
import { verifyModel } from './verify-model.ts';

// Hundreds of models are written, signed and read below.
vi.setConfig({ testTimeout: 120_000 });

const keys = makeKeys();
const trust = trustKey(keys.publicKey);

/** Trees of files under names of every kind; no file is a folder too, as each level has its own letter. */
const component = fc
  .string({
    unit: fc.constantFrom('a', 'B', '.', ' ', ':', 'é', '\u{1f600}', '\\', '*', '\n'),
    minLength: 1,
    maxLength: 6,
  })
  .map((text) => `x${text}`);
const tree = fc
  .dictionary(
    fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => {
      const name = parts.pop()!;
      return [...parts.map((part) => `d${part}`), `f${name}`].join('/');
    }),
    fc.uint8Array({ maxLength: 40 }),
    { minKeys: 1, maxKeys: 6, noNullPrototype: true },
  )
  .filter((files) => Object.values(files).some(({ length }) => length > 0));
const serialization = fc.record({
  method: fc.constantFrom('files' as const, 'shards' as const),
  hashType: fc.constantFrom('sha256' as const, 'blake2b' as const),
  shardSize: fc.integer({ min: 1, max: 50 }),
});

const write = async (root: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> => {
  for (const [path, data] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), data);
  }
};

it('verifies any tree as it was signed, and no tree with one thing changed', async () => {
  const base = await makeFolder();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(tree, serialization, fc.nat(), fc.nat(), async (files, options, pick, kind) => {
      const root = join(base, `m${run++}`);
      await write(root, files);
      const { bundle } = await signModel(root, signWithKey(keys.privateKey), options);
      const verify = async () => (await verifyModel(root, { signature: Buffer.from(bundle), trust })).verdict;
      expect(await verify()).toBe('verified');

      // Empty files have no shards, so a manifest of shards cannot speak of them.
      const paths = Object.keys(files).filter(
        (path) => options.method === 'files' || files[path]!.length > 0,
      );
      const path = join(root, paths[pick % paths.length]!);
      const data = files[paths[pick % paths.length]!]!;
      const flipped = Uint8Array.from(data, (byte, index) =>
        index === pick % data.length ? byte ^ (1 << (pick % 8)) : byte,
      );
      const changes = [
        () => appendFile(path, 'x'),
        () => rm(path),
        () => rename(path, `${path}~`),
        () => writeFile(join(root, 'stranger'), 'x'),
        () => (data.length === 0 ? appendFile(path, '\0') : writeFile(path, flipped)),
        () => (data.length === 0 ? rm(path) : writeFile(path, data.subarray(1))),
      ];
      await changes[kind % changes.length]!();
      expect(await verify()).toBe('refused');
    }),
    { numRuns: 50 },
  );
});

it('verifies a bundle as it was signed, and no bundle with one value in it changed', async () => {
  const root = await makeModel();
  const { bundle } = await signModel(root, signWithKey(keys.privateKey));
  const verdict = async (text: string) =>
    (await verifyModel(root, { signature: Buffer.from(text), trust })).verdict;
  expect(await verdict(bundle)).toBe('verified');
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), async (pick, bit) => {
      // Characters inside JSON strings, except the key id, which the format does not use.
      const index = pick % bundle.length;
      const changed = `${bundle.slice(0, index)}${String.fromCharCode(bundle.charCodeAt(index) ^ (1 << (bit % 7)))}${bundle.slice(index + 1)}`;
      fc.pre(meaning(changed) !== meaning(bundle));
      expect(await verdict(changed)).toBe('refused');
    }),
    { numRuns: 400 },
  );
});

/** What a text says beside spelling: two that say the same may both be verified. */
function meaning(text: string): string {
  try {
    const json = JSON.parse(text) as {
      dsseEnvelope?: { signatures?: { keyid?: unknown }[] };
      verificationMaterial?: { publicKey?: { hint?: unknown } };
    };
    for (const signature of json.dsseEnvelope?.signatures ?? []) delete signature.keyid;
    const key = json.verificationMaterial?.publicKey;
    if (typeof key?.hint === 'string') key.hint = key.hint.toLowerCase();
    return JSON.stringify(json);
  } catch {
    return text;
  }
}

const OPENSSL = 'openssl';
const hasOpenssl = spawnSync(OPENSSL, ['version']).status === 0;
const title = hasOpenssl ? 'OpenSSL' : 'OpenSSL (skipped: not installed)';
const openssl = (...argv: readonly string[]) => spawnSync(OPENSSL, argv, { encoding: 'utf8' });
const DIGESTS = { 'P-256': '-sha256', 'P-384': '-sha384', 'P-521': '-sha512' } as const;

describe.skipIf(!hasOpenssl)(title, () => {
  it.each(Object.entries(DIGESTS))(
    'verifies what was signed on %s, over the same bytes',
    async (curve, digest) => {
      const pair = makeKeys(curve);
      const root = await makeModel();
      const { bundle } = await signModel(root, signWithKey(pair.privateKey));
      const { payload, payloadType, signatures } = (
        JSON.parse(bundle) as {
          dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] };
        }
      ).dsseEnvelope;
      const at = (name: string): string => join(root, '..', name);
      await writeFile(at('key.pub'), pair.publicKey.export({ type: 'spki', format: 'pem' }));
      await writeFile(at('signature'), Buffer.from(signatures[0]!.sig, 'base64'));
      await writeFile(at('data'), preAuthEncoding(payloadType, Buffer.from(payload, 'base64')));
      const run = () =>
        openssl('dgst', digest, '-verify', at('key.pub'), '-signature', at('signature'), at('data'));
      expect(run()).toMatchObject({ status: 0, stdout: 'Verified OK\n' });
      await appendFile(at('data'), 'x');
      expect(run().status).not.toBe(0);
    },
  );

  it('made a key and certificates that sign, and are verified', async () => {
    const folder = await makeFolder();
    const at = (name: string): string => join(folder, name);
    await writeFile(
      at('ext'),
      'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n',
    );
    for (const argv of [
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        at('ca.key'),
        '-out',
        at('ca.pem'),
        '-days',
        '2',
        '-subj',
        '/CN=root',
        '-addext',
        'keyUsage=critical,keyCertSign',
      ],
      ['ecparam', '-name', 'secp384r1', '-genkey', '-noout', '-out', at('plain.key')],
      ['pkcs8', '-topk8', '-in', at('plain.key'), '-out', at('leaf.key'), '-passout', 'pass:secret'],
      ['req', '-new', '-key', at('plain.key'), '-out', at('leaf.csr'), '-subj', '/CN=leaf'],
      [
        'x509',
        '-req',
        '-in',
        at('leaf.csr'),
        '-CA',
        at('ca.pem'),
        '-CAkey',
        at('ca.key'),
        '-CAcreateserial',
        '-out',
        at('leaf.pem'),
        '-days',
        '1',
        '-extfile',
        at('ext'),
      ],
    ]) {
      expect(openssl(...argv)).toMatchObject({ status: 0 });
    }
    const [key, leaf, ca] = await Promise.all(
      ['leaf.key', 'leaf.pem', 'ca.pem'].map((name) => readFile(at(name))),
    );
    expect(() => signWithCertificate(key!, [leaf!], { passphrase: 'wrong' })).toThrow(
      expect.objectContaining({ code: 'ERR_MODEL_KEY' }) as Error,
    );
    const root = await makeModel();
    const { bundle } = await signModel(root, signWithCertificate(key!, [leaf!], { passphrase: 'secret' }));
    const { verdict, evidence } = await verifyModel(root, {
      signature: Buffer.from(bundle),
      trust: trustCertificates([ca!]),
    });
    expect({ verdict, signers: evidence.signers }).toMatchObject({
      verdict: 'verified',
      signers: [{ identity: 'CN=leaf' }],
    });
  });
});

describe('a signer with a certificate', () => {
  const leafKeys = makeKeys();
  const certificate = (
    extensions: Parameters<typeof makeCertificate>[0]['extensions'],
    from?: Date,
  ): Buffer =>
    makeCertificate({
      subject: 'leaf',
      keys: leafKeys,
      extensions: extensions ?? [],
      ...(from && { from, to: new Date(from.getTime() + 1000) }),
    });
  const code = [basicConstraints(false), keyUsage(0), extendedKeyUsage(CODE_SIGNING)];
  const refusal = expect.objectContaining({ code: 'ERR_MODEL_KEY' }) as Error;

  it('needs the certificate of its key', () => {
    expect(() => signWithCertificate(keys.privateKey, [certificate(code)])).toThrow(refusal);
    expect(() => signWithCertificate(keys.privateKey, [])).toThrow(refusal);
  });
  it('needs one that is for code signing, now', () => {
    expect(signWithCertificate(leafKeys.privateKey, [certificate(code)])).toHaveProperty('material');
    expect(() => signWithCertificate(leafKeys.privateKey, [certificate([keyUsage(0)])])).toThrow(refusal);
    expect(() => signWithCertificate(leafKeys.privateKey, [certificate(code, new Date(0))])).toThrow(refusal);
  });
  it('may not be a key on another curve', () => {
    expect(() => signWithKey(makeKeys('secp256k1').privateKey)).toThrow(refusal);
    expect(() => signWithKey(keys.publicKey)).toThrow(refusal);
  });
});
