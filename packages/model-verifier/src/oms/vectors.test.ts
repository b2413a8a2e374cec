// The test vectors of the OMS specification, of its reference implementation and of Sigstore.
import { existsSync, readFileSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../sample-model.fixture.ts';
import { digestModel } from './digest-model.ts';
import { makeKeys } from './__fixtures__/certificate-authority.ts';
import { signModel, toStatement } from './sign-model.ts';
import { signWithKey } from './signer.ts';
import { trustSigstore, verifySigstoreBundle } from './sigstore.ts';
import { parseStatement } from './statement.ts';
import { trustCertificates } from './trust-certificates.ts';
import { trustKey } from './trust-key.ts';
import type { Trust } from './trust.ts';
import { verifyBundle } from './verify-bundle.ts';
import { verifyModel } from './verify-model.ts';

const shared =
  process.env['SALLYPORT_SHARED'] ?? fileURLToPath(new URL('../../../../../shared', import.meta.url));
const vectors = join(shared, 'vectors/oms');
const isHere = existsSync(vectors);
const title = isHere ? 'OMS vectors' : 'OMS vectors (skipped: ../shared is absent)';

interface With {
  readonly publicKey?: string;
  readonly caCertificate?: string;
  readonly trustedRoot?: string;
  readonly identity?: string;
  readonly issuer?: string;
}
interface Expectations {
  readonly spec: readonly { readonly file: string; readonly expected: string; readonly with?: With }[];
  readonly modelTransparency: readonly { readonly dir: string; readonly with: With }[];
  readonly payloadGoldens: readonly {
    readonly golden: string;
    readonly model: string;
    readonly method: 'files' | 'shards';
    readonly shardSize: number | null;
    readonly rootSha256: string;
    readonly v1SchemaAccepts: boolean;
  }[];
  readonly sigstoreConformance: readonly {
    readonly dir: string;
    readonly expected: string;
    readonly artifact: string;
    readonly publicKey?: string;
    readonly trustedRoot: string;
  }[];
  readonly sigstoreConformanceDefaults: { readonly identity: string; readonly issuer: string };
}

const read = (path: string): Promise<Buffer> => readFile(join(vectors, path));
const readJson = async (path: string): Promise<unknown> =>
  JSON.parse((await read(path)).toString()) as unknown;
const expectations = isHere
  ? (JSON.parse(readFileSync(join(vectors, 'expected.json'), 'utf8')) as Expectations)
  : {
      spec: [],
      modelTransparency: [],
      payloadGoldens: [],
      sigstoreConformance: [],
      sigstoreConformanceDefaults: { identity: '', issuer: '' },
    };
const KEY = 'model-transparency/keys/certificate/signing-key-pub.pem';

async function trustOf({ publicKey, caCertificate, trustedRoot, identity, issuer }: With): Promise<Trust> {
  if (publicKey !== undefined) return trustKey(await read(publicKey));
  if (caCertificate !== undefined) return trustCertificates([await read(caCertificate)]);
  return trustSigstore({ identity: identity!, issuer: issuer!, trustedRoot: await readJson(trustedRoot!) });
}

describe.skipIf(!isHere)(title, () => {
  it.each(expectations.spec)('$file: $expected', async ({ file, expected, with: given }) => {
    const verified = verifyBundle(await read(file), { trust: await trustOf(given ?? { publicKey: KEY }) });
    if (expected === 'accept') expect((await verified).manifest.resources).toHaveLength(2);
    else await expect(verified).rejects.toMatchObject({ name: 'ModelError' });
  });

  describe.each(expectations.modelTransparency)('$dir', ({ dir, with: given }) => {
    const options = async (root: string) => ({
      signature: join(root, 'model.sig'),
      trust: await trustOf(given),
    });
    const copy = async (): Promise<string> => {
      const root = await makeFolder();
      for (const name of await readdir(join(vectors, dir)))
        await writeFile(join(root, name), await read(`${dir}/${name}`));
      return root;
    };

    it('verifies as it is', async () => {
      const root = await copy();
      expect(await verifyModel(root, await options(root))).toMatchObject({
        verdict: 'verified',
        reasons: [],
      });
    });
    it('names a changed file', async () => {
      const root = await copy();
      await appendFile(join(root, 'signme-1'), 'x');
      const { reasons } = await verifyModel(root, await options(root));
      expect(reasons).toMatchObject([{ code: 'ERR_MODEL_DIGEST', path: 'signme-1' }]);
    });
    it('names a missing and an extra file', async () => {
      const root = await copy();
      await rm(join(root, 'signme-2'));
      await writeFile(join(root, 'extra'), 'x');
      const { verdict, reasons } = await verifyModel(root, await options(root));
      expect(verdict).toBe('refused');
      expect(reasons).toMatchObject([
        { code: 'ERR_MODEL_MISSING', path: 'signme-2' },
        { code: 'ERR_MODEL_UNLISTED', path: 'extra' },
      ]);
    });
  });

  it('refuses another identity and another issuer', async () => {
    const bundle = await read('spec/test-vectors/v1.0/valid/sigstore.bundle.json');
    const trustedRoot = await readJson('trusted_root.public-good.json');
    const identity = 'stefanb@us.ibm.com';
    const issuer = 'https://sigstore.verify.ibm.com/oauth2';
    for (const other of [
      { identity: 'stefanb', issuer },
      { identity: '.*', issuer },
      { identity: '', issuer },
      { identity, issuer: 'https://sigstore.verify.ibm.com/' },
    ]) {
      const trust = await trustSigstore({ ...other, trustedRoot });
      await expect(verifyBundle(bundle, { trust })).rejects.toMatchObject({ code: 'ERR_MODEL_SIGNER' });
    }
  });

  it('verifies a keyless signature with the seeded trusted root', async () => {
    const trust = await trustSigstore({
      identity: 'stefanb@us.ibm.com',
      issuer: 'https://sigstore.verify.ibm.com/oauth2',
    });
    const bundle = await read('spec/test-vectors/v1.0/valid/sigstore.bundle.json');
    expect((await verifyBundle(bundle, { trust })).signers).toMatchObject([
      { identity: 'stefanb@us.ibm.com' },
    ]);
  });

  it.each(['key', 'certificate', 'sigstore'])(
    'refuses a %s bundle where another method is trusted',
    async (method) => {
      const bundle = await read(`spec/test-vectors/v1.0/valid/${method}.bundle.json`);
      const others = expectations.spec.filter(
        ({ file, expected }) => expected === 'accept' && !file.includes(method),
      );
      expect(others).toHaveLength(2);
      for (const { with: given } of others) {
        const trust = await trustOf(given!);
        await expect(verifyBundle(bundle, { trust })).rejects.toMatchObject({ code: 'ERR_MODEL_SIGNATURE' });
      }
    },
  );

  it.each(expectations.payloadGoldens)(
    'makes the statement $golden',
    async ({ golden, model, method, shardSize, rootSha256 }) => {
      const expected = (await readJson(golden)) as {
        predicate: { resources: { name: string; algorithm: string }[] };
      };
      const manifest = await digestModel(join(vectors, model), {
        method,
        ...(shardSize !== null && { shardSize }),
      });
      const made = toStatement(manifest) as typeof expected;
      // Ours sorts as the specification says, by code point; the reference by path and number. The digests are the same.
      const byName = ({ predicate }: typeof expected) =>
        new Map(predicate.resources.map((one) => [one.name, one]));
      const algorithm = shardSize === null ? 'sha256' : `sha256-sharded-${shardSize}`;
      const resources = new Map(
        [...byName(made)].map(([name, one]) => [
          expected.predicate.resources[0]!.name === '.' ? '.' : name,
          { ...one, name: expected.predicate.resources[0]!.name === '.' ? '.' : name, algorithm },
        ]),
      );
      expect(resources).toEqual(byName(expected));
      expect(
        parseStatement(Buffer.from(JSON.stringify(expected)), { strict: false, legacy: false }).manifest
          .rootDigest,
      ).toBe(rootSha256);
    },
  );

  it.each(expectations.payloadGoldens)(
    'reads the statement $golden in strict mode: $v1SchemaAccepts',
    async ({ golden, v1SchemaAccepts }) => {
      const payload = await read(golden);
      const parse = () => parseStatement(payload, { strict: true, legacy: false });
      // The schema cannot say that "." is the name of a time before it; strict mode does.
      if (v1SchemaAccepts && !golden.includes('model_file.json'))
        expect(parse().files.length).toBeGreaterThan(0);
      else expect(parse).toThrow(expect.objectContaining({ code: 'ERR_MODEL_STATEMENT' }) as Error);
    },
  );

  it.each(expectations.sigstoreConformance)(
    '$dir: $expected',
    async ({ dir, expected, artifact, publicKey, trustedRoot }) => {
      const { identity, issuer } = expectations.sigstoreConformanceDefaults;
      const verify = async () =>
        verifySigstoreBundle(await read(`${dir}/bundle.sigstore.json`), await read(artifact), {
          trustedRoot: await readJson(trustedRoot),
          ...(publicKey !== undefined || existsSync(join(vectors, dir, 'key.pub'))
            ? { publicKey: await read(`${dir}/key.pub`) }
            : { identity, issuer }),
        });
      if (expected === 'accept') expect(await verify()).toHaveProperty('id');
      else await expect(verify()).rejects.toMatchObject({ name: 'ModelError' });
    },
  );

  it.each(['files', 'shards'] as const)('signs %s as the schemas of version 1.0 want it', async (method) => {
    const names = ['bundle', 'envelope', 'statement', 'predicate'];
    const schemas = await Promise.all(names.map((name) => readJson(`spec/schemas/v1.0/${name}.schema.json`)));
    const ajv = new Ajv2020({ strict: false, schemas: schemas as object[] });
    const model = join(vectors, 'model-transparency/payload-models/sample_model');
    const { bundle } = await signModel(model, signWithKey(makeKeys().privateKey), { method, shardSize: 8 });
    const json = JSON.parse(bundle) as { dsseEnvelope: { payload: string } };
    const payload = JSON.parse(Buffer.from(json.dsseEnvelope.payload, 'base64').toString()) as object;
    for (const [schema, value] of [
      ['bundle', json],
      ['statement', payload],
    ] as const) {
      const validate = ajv.getSchema(`https://model_signing/${schema}/v1.0/schema`)!;
      expect({ valid: validate(value), errors: validate.errors }).toEqual({ valid: true, errors: null });
    }
  });
});
