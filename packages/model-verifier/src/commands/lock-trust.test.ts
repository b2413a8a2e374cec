// `lock verify` held against whom the person trusts: keys, certificates and keyless identities.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runHere } from '../__fixtures__/run-here.ts';
import type { Run } from '../__fixtures__/run-program.ts';
import {
  basicConstraints,
  CODE_SIGNING,
  extendedKeyUsage,
  keyUsage,
  makeCertificate,
  makeKeys,
} from '../oms/__fixtures__/certificate-authority.ts';
import { signModel } from '../oms/sign-model.ts';
import { signWithCertificate } from '../oms/signer.ts';
import { makeFolder } from '../sample-model.fixture.ts';

const shared =
  process.env['SALLYPORT_SHARED'] ?? fileURLToPath(new URL('../../../../../shared', import.meta.url));
const vectors = join(shared, 'vectors/oms');
const isHere = existsSync(vectors);

const codesOf = ({ status, stdout }: Run): unknown[] => [
  status,
  ...(JSON.parse(stdout) as { reasons: { code: string }[] }).reasons.map(({ code }) => code),
];

/** Lists the model `signed` beside the lock. */
async function add(root: string): Promise<void> {
  const from = ['--licence', 'Apache-2.0', '--url', 'https://models.example/v1', '--revision', 'v1'];
  const roles = ['--role', 'signme-1=model'];
  const added = await runHere(root, ['lock', 'add', 'signed', ...from, ...roles, '--no-contract']);
  expect(added).toMatchObject({ status: 0, stderr: '' });
}

const verify = async (root: string, ...flags: readonly string[]): Promise<unknown[]> =>
  codesOf(await runHere(root, ['lock', 'verify', '--json', ...flags]));

describe('a certificate', () => {
  it('counts below the roots that were named, and below no others', async () => {
    const root = await makeFolder();
    const ca = { subject: 'root', keys: makeKeys() };
    const leaf = { subject: 'leaf', keys: makeKeys() };
    const signing = [basicConstraints(false), keyUsage(0), extendedKeyUsage(CODE_SIGNING)];
    const certificate = makeCertificate({ ...leaf, issuer: ca, extensions: signing });
    const self = [basicConstraints(true), keyUsage(5)];
    await writeFile(join(root, 'ca.der'), makeCertificate({ ...ca, extensions: self }));
    await writeFile(join(root, 'other.der'), makeCertificate({ ...ca, keys: makeKeys(), extensions: self }));
    await mkdir(join(root, 'signed'));
    await writeFile(join(root, 'signed/signme-1'), 'weights');
    const signer = signWithCertificate(leaf.keys.privateKey, [certificate]);
    await writeFile(join(root, 'signed/model.sig'), (await signModel(join(root, 'signed'), signer)).bundle);
    await add(root);
    expect(await verify(root, '--certificate-chain', 'ca.der')).toEqual([0]);
    expect(await verify(root, '--certificate-chain', 'other.der', 'ca.der')).toEqual([0]);
    expect(await verify(root, '--certificate-chain', 'other.der')).toEqual([1, 'ERR_MODEL_CERTIFICATE']);
  });
});

describe.skipIf(!isHere)(isHere ? 'OMS vectors' : 'OMS vectors (skipped: ../shared is absent)', () => {
  const CA = join(vectors, 'model-transparency/keys/certificate/ca-cert.pem');
  const KEY = join(vectors, 'model-transparency/keys/certificate/signing-key-pub.pem');
  const IDENTITY = 'stefanb@us.ibm.com';
  const ISSUER = 'https://sigstore.verify.ibm.com/oauth2';
  const trusted = ['--trust-config', join(vectors, 'trusted_root.public-good.json')];
  const keyless = (identity: string, issuer: string): string[] => [
    '--identity',
    identity,
    '--identity-provider',
    issuer,
  ];

  async function locked(kind: 'certificate' | 'sigstore' | 'elliptic-key'): Promise<string> {
    const root = await makeFolder();
    const source = join(vectors, `model-transparency/v1.1.0-${kind}`);
    await mkdir(join(root, 'signed'));
    // Not `ignore-me`: it was not signed, and an empty file has no place in a lock.
    for (const name of ['signme-1', 'signme-2', 'model.sig']) {
      await copyFile(join(source, name), join(root, 'signed', name));
    }
    await add(root);
    return root;
  }

  it('signed with a certificate verify below their root', async () => {
    const root = await locked('certificate');
    expect(await verify(root, '--certificate-chain', CA)).toEqual([0]);
    expect(await verify(root, '--certificate-chain', KEY)).toEqual([2, 'ERR_MODEL_KEY']);
    expect(await verify(root, '--public-key', KEY)).toEqual([1, 'ERR_MODEL_SIGNATURE']);
  });
  it('signed without a key verify as the identity, with the trusted root given or seeded', async () => {
    const root = await locked('sigstore');
    expect(await verify(root, ...keyless(IDENTITY, ISSUER), ...trusted)).toEqual([0]);
    expect(await verify(root, ...keyless(IDENTITY, ISSUER))).toEqual([0]);
    expect(await verify(root, ...keyless(IDENTITY.slice(1), ISSUER), ...trusted)).toEqual([
      1,
      'ERR_MODEL_SIGNER',
    ]);
    expect(await verify(root, ...keyless(IDENTITY, `${ISSUER}/`), ...trusted)).toEqual([
      1,
      'ERR_MODEL_SIGNER',
    ]);
    expect(await verify(root, '--certificate-chain', CA)).toEqual([1, 'ERR_MODEL_SIGNATURE']);
  });
  it('signed by any of several that are trusted verify', async () => {
    const all = ['--certificate-chain', CA, '--public-key', KEY, ...keyless(IDENTITY, ISSUER), ...trusted];
    for (const kind of ['certificate', 'sigstore', 'elliptic-key'] as const) {
      expect(await verify(await locked(kind), ...all)).toEqual([0]);
    }
  });
  it('must be signed: what has no signature verifies by no trust', async () => {
    const root = await locked('certificate');
    await rm(join(root, 'models.lock'));
    await rm(join(root, 'signed/model.sig'));
    await add(root);
    expect(await verify(root)).toEqual([0]);
    expect(await verify(root, '--certificate-chain', CA)).toEqual([1, 'ERR_MODEL_SIGNER']);
  });
});
