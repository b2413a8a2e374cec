import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeKeys } from './__fixtures__/certificate-authority.ts';
import { makeModel, makeSignedModel, type SignedFixture } from './__fixtures__/signed-model.ts';
import { signModel } from './sign-model.ts';
import { signWithKey } from './signer.ts';
import { trustKey } from './trust-key.ts';
import { verifyModel, type VerifyModelOptions } from './verify-model.ts';

type Options = Partial<Omit<VerifyModelOptions, 'trust'>>;
const verify = ({ root, keys, signature }: SignedFixture, options: Options = {}) =>
  verifyModel(root, { signature, trust: trustKey(keys.publicKey), ...options });

describe('several signatures', () => {
  const sign = async (root: string, curve: string, options = {}) => {
    const keys = makeKeys(curve);
    const { bundle } = await signModel(root, signWithKey(keys.privateKey), options);
    return { trust: trustKey(keys.publicKey), signature: Buffer.from(bundle) };
  };
  it('must all count unless fewer were asked for', async () => {
    const root = await makeModel();
    const [a, b, stranger] = await Promise.all([
      sign(root, 'P-256'),
      sign(root, 'P-521'),
      sign(root, 'P-256'),
    ]);
    const trust = [a.trust, b.trust];
    const both = await verifyModel(root, { trust, signature: [a.signature, b.signature] });
    expect(both).toMatchObject({ verdict: 'verified', evidence: { threshold: 2, signers: [{}, {}] } });
    const signature = [a.signature, stranger.signature, b.signature];
    expect((await verifyModel(root, { trust, signature })).reasons).toMatchObject([
      { code: 'ERR_MODEL_SIGNATURE' },
      { code: 'ERR_MODEL_SIGNER', expected: '3', found: '2' },
    ]);
    expect((await verifyModel(root, { trust, signature, threshold: 2 })).verdict).toBe('verified');
    expect((await verifyModel(root, { trust, signature: a.signature, threshold: 2 })).verdict).toBe(
      'refused',
    );
  });
  it('of one signer count once', async () => {
    const root = await makeModel();
    const a = await sign(root, 'P-256');
    const { reasons: found } = await verifyModel(root, {
      trust: a.trust,
      signature: [a.signature, a.signature],
    });
    expect(found).toMatchObject([{ code: 'ERR_MODEL_SIGNER', expected: '2', found: '1' }]);
  });
  it('vouch for a file only where each of them covers it', async () => {
    const root = await makeModel();
    const [a, b] = await Promise.all([
      sign(root, 'P-256'),
      sign(root, 'P-384', { ignorePaths: ['config.json'] }),
    ]);
    const both = { trust: [a.trust, b.trust], signature: [a.signature, b.signature] };
    expect(await verifyModel(root, both)).toMatchObject({
      reasons: [{ code: 'ERR_MODEL_SIGNER', path: 'config.json', expected: '2', found: '1' }],
      evidence: { files: [] },
    });
    expect((await verifyModel(root, { ...both, threshold: 1 })).verdict).toBe('verified');
    expect((await verifyModel(root, { ...both, ignorePaths: ['config.json'] })).verdict).toBe('verified');
  });
  it('do not vouch for files that came after them, though unsigned files may be there', async () => {
    const root = await makeModel();
    const before = await sign(root, 'P-256');
    await writeFile(join(root, 'late.bin'), 'late');
    const after = await sign(root, 'P-256');
    const options = {
      trust: [before.trust, after.trust],
      signature: [before.signature, after.signature],
      ignoreUnsignedFiles: true,
    };
    expect((await verifyModel(root, options)).reasons).toMatchObject([
      { code: 'ERR_MODEL_SIGNER', path: 'late.bin', expected: '2', found: '1' },
    ]);
  });
  it('cover an empty file in shards, which cannot list it', async () => {
    const root = await makeModel();
    await writeFile(join(root, 'empty'), '');
    const [a, b] = await Promise.all([sign(root, 'P-256'), sign(root, 'P-384', { method: 'shards' })]);
    const options = { trust: [a.trust, b.trust], signature: [a.signature, b.signature] };
    expect((await verifyModel(root, options)).reasons).toEqual([]);
  });
  it('may be hashed in different ways', async () => {
    const root = await makeModel();
    const a = await sign(root, 'P-256', { method: 'shards', shardSize: 3, hashType: 'blake2b' });
    const b = await sign(root, 'P-256');
    const options = { trust: [a.trust, b.trust], signature: [a.signature, b.signature] };
    expect((await verifyModel(root, options)).verdict).toBe('verified');
    await writeFile(join(root, 'config.json'), '[]');
    expect((await verifyModel(root, options)).reasons.map(({ path }) => path)).toEqual([
      'config.json:0:2',
      'config.json',
    ]);
  });
  it('refuse a model that one trusted signer has not signed as it is, whatever the threshold', async () => {
    const root = await makeModel();
    const before = await sign(root, 'P-256');
    await writeFile(join(root, 'config.json'), '[]');
    const after = await sign(root, 'P-256');
    const { reasons: found } = await verifyModel(root, {
      trust: [before.trust, after.trust],
      signature: [before.signature, after.signature],
      threshold: 1,
    });
    expect(found).toMatchObject([{ code: 'ERR_MODEL_DIGEST', path: 'config.json' }]);
  });
  it.each([0, -1, 1.5, Number.NaN])('need a threshold of at least 1, not %o', async (threshold) => {
    const model = await makeSignedModel();
    await expect(verify(model, { threshold })).rejects.toThrow(TypeError);
  });
  it('must be given', async () => {
    const model = await makeSignedModel();
    await expect(verify(model, { signature: [] })).rejects.toThrow(TypeError);
  });
});
