// Files and links that fit what was signed only nearly, or by another reading of it.
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeKeys } from './__fixtures__/certificate-authority.ts';
import {
  makeModel,
  makeSignedModel,
  resourcesOf,
  sha256,
  signedAs,
  statementOf,
  type SignedFixture,
} from './__fixtures__/signed-model.ts';
import { signModel } from './sign-model.ts';
import { signWithKey } from './signer.ts';
import { trustKey } from './trust-key.ts';
import { verifyModel } from './verify-model.ts';

describe('files', () => {
  const reasons = async ({ root: path, keys, signature }: SignedFixture): Promise<string[]> => {
    const verdict = await verifyModel(path, { signature, trust: trustKey(keys.publicKey) });
    return verdict.reasons.map(({ code, path: where = '' }) => `${code} ${where}`.trim());
  };
  it.each([
    '%2e%2e/outside',
    '..%2foutside',
    '..\\outside',
    '\u2025/outside',
    '\uff0e\uff0e/outside',
    '.. /outside',
    '~/outside',
  ])('below the model alone are read, whatever %j would mean to others', async (name) => {
    const model = await signedAs(
      { kept: 'x' },
      statementOf([{ name, digest: sha256('secret'), algorithm: 'sha256' }]),
    );
    await writeFile(join(model.root, '../outside'), 'secret');
    expect(await reasons(model)).toEqual([`ERR_MODEL_MISSING ${name}`, 'ERR_MODEL_UNLISTED kept']);
  });
  it('are called so to the last bit, however they look', async () => {
    const [composed, apart] = ['caf\u00e9', 'cafe\u0301'];
    const model = await makeSignedModel({}, { [composed]: 'x' });
    expect(await reasons(model)).toEqual([]);
    await rename(join(model.root, composed), join(model.root, apart));
    expect(await reasons(model)).toEqual([`ERR_MODEL_MISSING ${composed}`, `ERR_MODEL_UNLISTED ${apart}`]);
  });
  it('are no longer and no shorter than their shards', async () => {
    const shards = (...sizes: readonly [string, string][]): object =>
      statementOf(
        sizes.map(([range, content]) => ({
          name: `w:${range}`,
          digest: sha256(content),
          algorithm: 'sha256',
        })),
        { method: 'shards', shard_size: 4 },
      );
    expect(await reasons(await signedAs({ w: 'aaaabb' }, shards(['0:4', 'aaaa'], ['4:6', 'bb'])))).toEqual(
      [],
    );
    expect(await reasons(await signedAs({ w: 'aaaabb' }, shards(['0:4', 'aaaa'])))).toEqual([
      'ERR_MODEL_SIZE w',
    ]);
    // The digest would be right: a reader stops where the file does.
    expect(await reasons(await signedAs({ w: 'aaaabb' }, shards(['0:4', 'aaaa'], ['4:8', 'bb'])))).toEqual([
      'ERR_MODEL_SIZE w',
    ]);
    expect(await reasons(await signedAs({ w: 'aaaa' }, shards(['0:4', 'aaaa'], ['4:8', ''])))).toEqual([
      'ERR_MODEL_SIZE w',
    ]);
  });
  it('of 9 petabytes by their shard are not waited for', async () => {
    const all = [{ name: `w:0:${Number.MAX_SAFE_INTEGER}`, digest: sha256('w'), algorithm: 'sha256' }];
    const statement = statementOf(all, { method: 'shards', shard_size: Number.MAX_SAFE_INTEGER });
    expect(await reasons(await signedAs({ w: 'w' }, statement))).toEqual(['ERR_MODEL_SIZE w']);
  });
  it('have the digest of the hash that was declared, not of any', async () => {
    const [one] = resourcesOf('a');
    const statement = (algorithm: string): object =>
      statementOf([{ ...one!, algorithm }], { hash_type: algorithm });
    expect(await reasons(await signedAs({ a: 'a' }, statement('sha256')))).toEqual([]);
    expect(await reasons(await signedAs({ a: 'a' }, statement('blake3')))).toEqual(['ERR_MODEL_DIGEST a']);
  });
  it.skipIf(process.platform !== 'linux')(
    'that no list can name are strangers, also where the model itself is ignored (Linux only)',
    async () => {
      const statement = statementOf(resourcesOf('a'), { ignore_paths: ['', '/', '.', './'] });
      const model = await signedAs({ a: 'a', b: 'b' }, statement);
      await writeFile(Buffer.concat([Buffer.from(`${model.root}/c`), Buffer.of(0xff)]), 'x');
      expect(await reasons(model)).toEqual([
        'ERR_MODEL_UNLISTED b',
        expect.stringMatching(/^ERR_MODEL_UNLISTED c/) as string,
      ]);
    },
  );
  it('that are ignored and signed too are held against what was signed', async () => {
    const model = await signedAs({ a: 'a' }, statementOf(resourcesOf('a'), { ignore_paths: ['a'] }));
    expect(await reasons(model)).toEqual([]);
    await writeFile(join(model.root, 'a'), 'b');
    expect(await reasons(model)).toEqual(['ERR_MODEL_DIGEST a']);
  });
});

describe('a link that was signed', () => {
  const linked = async (): Promise<
    SignedFixture & { readonly aim: (target: string) => Promise<string[]> }
  > => {
    const path = await makeModel({ 'a.bin': 'a', 'b.bin': 'b', 'copy.bin': 'a' });
    await mkdir(join(path, '../elsewhere'));
    await writeFile(join(path, '../elsewhere/a.bin'), 'a');
    await symlink('a.bin', join(path, 'link.bin'));
    const keys = makeKeys();
    const { bundle } = await signModel(path, signWithKey(keys.privateKey), { allowSymlinks: true });
    const aim = async (target: string): Promise<string[]> => {
      await rm(join(path, 'link.bin'));
      await symlink(target, join(path, 'link.bin'));
      const verdict = await verifyModel(path, {
        signature: Buffer.from(bundle),
        trust: trustKey(keys.publicKey),
      });
      return verdict.reasons.map(({ code, path: where = '' }) => `${code} ${where}`);
    };
    return { root: path, keys, signature: Buffer.from(bundle), aim };
  };
  it('may lead to the same bytes inside, and to no others', async () => {
    const { aim } = await linked();
    expect(await aim('a.bin')).toEqual([]);
    expect(await aim('copy.bin')).toEqual([]);
    expect(await aim('b.bin')).toEqual(['ERR_MODEL_DIGEST link.bin']);
  });
  it.each([
    ['out', '../elsewhere/a.bin'],
    ['out and in again', '../elsewhere/../model/../elsewhere/a.bin'],
    ['to a device', '/dev/zero'],
    ['to itself', 'link.bin'],
    ['to a folder', '.'],
  ])('may not lead %s', async (_, target) => {
    const { aim } = await linked();
    expect(await aim(target)).toEqual(['ERR_MODEL_LINK link.bin']);
  });
  it('may not lead nowhere', async () => {
    const { aim } = await linked();
    expect(await aim('gone.bin')).toEqual(['ERR_MODEL_MISSING link.bin']);
  });
});
