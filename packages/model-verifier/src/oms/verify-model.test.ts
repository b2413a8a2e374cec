import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
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
import { verifyModel, type VerifyModelOptions } from './verify-model.ts';

type Options = Partial<Omit<VerifyModelOptions, 'trust'>>;
const verify = ({ root, keys, signature }: SignedFixture, options: Options = {}) =>
  verifyModel(root, { signature, trust: trustKey(keys.publicKey), ...options });
const reasons = async (model: SignedFixture, options?: Options) => (await verify(model, options)).reasons;

it('says what was verified', async () => {
  const model = await makeSignedModel();
  const { verdict, evidence } = await verify(model);
  expect(verdict).toBe('verified');
  expect(evidence).toMatchObject({
    model: 'model',
    threshold: 1,
    signers: [{ method: 'key' }],
    files: [
      { path: 'config.json', bytes: 2, digests: [sha256('{}')] },
      { path: 'weights/a.bin', bytes: 4, digests: [sha256('aaaa')] },
      { path: 'weights/b.bin', bytes: 8 },
    ],
  });
});

describe('files', () => {
  it('that differ are named, all of them', async () => {
    const model = await makeSignedModel();
    await writeFile(join(model.root, 'config.json'), '[]');
    await rm(join(model.root, 'weights/a.bin'));
    await writeFile(join(model.root, 'weights/c.bin'), '');
    await writeFile(join(model.root, 'weights/d.bin'), '');
    expect(await reasons(model)).toMatchObject([
      { code: 'ERR_MODEL_DIGEST', path: 'config.json', expected: sha256('{}'), found: sha256('[]') },
      { code: 'ERR_MODEL_MISSING', path: 'weights/a.bin' },
      { code: 'ERR_MODEL_UNLISTED', path: 'weights/c.bin' },
      { code: 'ERR_MODEL_UNLISTED', path: 'weights/d.bin' },
    ]);
  });
  it('that differ only in case are two files', async () => {
    const model = await makeSignedModel();
    await rename(join(model.root, 'config.json'), join(model.root, 'Config.json'));
    expect(await reasons(model)).toMatchObject([
      { code: 'ERR_MODEL_MISSING', path: 'config.json' },
      { code: 'ERR_MODEL_UNLISTED', path: 'Config.json' },
    ]);
  });
  it('whose contents were exchanged are both named', async () => {
    const model = await makeSignedModel({}, { a: 'one', b: 'two' });
    await writeFile(join(model.root, 'a'), 'two');
    await writeFile(join(model.root, 'b'), 'one');
    expect((await reasons(model)).map(({ path }) => path)).toEqual(['a', 'b']);
  });
  it('that are not signed are let be where that was asked for, and the signed ones are verified still', async () => {
    const model = await makeSignedModel();
    await writeFile(join(model.root, 'extra'), '');
    expect(await reasons(model, { ignoreUnsignedFiles: true })).toEqual([]);
    await writeFile(join(model.root, 'config.json'), '');
    await rm(join(model.root, 'weights/a.bin'));
    expect(await reasons(model, { ignoreUnsignedFiles: true })).toMatchObject([
      { code: 'ERR_MODEL_DIGEST', path: 'config.json' },
      { code: 'ERR_MODEL_MISSING', path: 'weights/a.bin' },
    ]);
  });
  it.skipIf(process.platform !== 'linux')('whose name is not UTF-8 are strangers (Linux only)', async () => {
    const model = await makeSignedModel({}, { 'a\ufffd': 'x' });
    const name = Buffer.concat([Buffer.from(`${model.root}/a`), Buffer.of(0xff)]);
    await writeFile(name, 'x');
    expect(await reasons(model)).toMatchObject([{ code: 'ERR_MODEL_UNLISTED' }]);
  });
  it.each(['__proto__', 'constructor', 'a b\u202e', ' ', '-rf', 'weights:0:8', '*'])(
    'may be called %j',
    async (name) => {
      const model = await makeSignedModel({}, { [`x${name}`]: 'x', [`y/${name}`]: 'y' });
      expect(await reasons(model)).toEqual([]);
    },
  );
});

describe('ignored paths', () => {
  const GIT = { '.git/HEAD': 'x', '.github/ci.yml': 'x', '.gitignore': 'x', '.gitattributes': 'x' };
  it('of git are left out at the top, and only there', async () => {
    const model = await makeSignedModel({}, { a: 'a', ...GIT, 'b/.gitignore': 'b' });
    const { evidence } = await verify(model);
    expect(evidence.files.map(({ path }) => path)).toEqual(['a', 'b/.gitignore']);
  });
  it('of git are strangers where they are to be counted in', async () => {
    const keys = makeKeys();
    const root = await makeModel({ a: 'a' });
    const { bundle } = await signModel(root, signWithKey(keys.privateKey), { ignoreGitPaths: false });
    await writeFile(join(root, '.gitignore'), '');
    const model = { root, keys, signature: Buffer.from(bundle) };
    expect(await reasons(model)).toEqual([]);
    expect(await reasons(model, { ignoreGitPaths: false })).toMatchObject([{ path: '.gitignore' }]);
  });
  it('are exact: a folder with all below it, no pattern, no part of a name', async () => {
    const model = await makeSignedModel({ ignorePaths: ['cache'] });
    await mkdir(join(model.root, 'cache/deep'), { recursive: true });
    await writeFile(join(model.root, 'cache/deep/x'), '');
    expect(await reasons(model)).toEqual([]);
    await writeFile(join(model.root, 'cached'), '');
    await mkdir(join(model.root, 'weights/cache'));
    await writeFile(join(model.root, 'weights/cache/x'), '');
    expect((await reasons(model)).map(({ path }) => path).sort()).toEqual(['cached', 'weights/cache/x']);
    expect(await reasons(model, { ignorePaths: ['cached', 'weights/cache'] })).toEqual([]);
  });
  it.each(['.', '', '/', '..', '*', './'])('that are no path leave nothing out: %o', async (path) => {
    const statement = statementOf([{ name: 'a', digest: sha256('a'), algorithm: 'sha256' }], {
      ignore_paths: [path],
    });
    const model = await signedAs({ a: 'a', b: 'b' }, statement);
    expect(await reasons(model)).toMatchObject([{ code: 'ERR_MODEL_UNLISTED', path: 'b' }]);
  });
  it('do not excuse a signed file', async () => {
    const model = await makeSignedModel();
    await writeFile(join(model.root, 'config.json'), '');
    expect(await reasons(model, { ignorePaths: ['config.json'] })).toMatchObject([{ path: 'config.json' }]);
  });
});

describe('the signature file', () => {
  it('may lie inside the model', async () => {
    const model = await makeSignedModel();
    const signature = join(model.root, 'weights/model.sig');
    await writeFile(signature, model.signature);
    expect(await reasons(model, { signature })).toEqual([]);
    expect(await reasons(model)).toMatchObject([{ code: 'ERR_MODEL_UNLISTED', path: 'weights/model.sig' }]);
  });
  it('is left out when it is made anew in its old place', async () => {
    const model = await makeSignedModel();
    const signature = join(model.root, 'model.sig');
    await writeFile(signature, model.signature);
    const { bundle, manifest } = await signModel(model.root, signWithKey(model.keys.privateKey), {
      signature,
    });
    await writeFile(signature, bundle);
    expect(manifest.resources).toHaveLength(3);
    expect(await reasons(model, { signature })).toEqual([]);
  });
  it.each(['missing', 'a folder', 'empty'])('that is %s is malformed', async (what) => {
    const model = await makeSignedModel();
    const signature = join(model.root, '../model.sig');
    if (what === 'a folder') await mkdir(signature);
    if (what === 'empty') await writeFile(signature, '');
    expect(await reasons(model, { signature })).toMatchObject([{ code: 'ERR_MODEL_BUNDLE' }]);
  });
});

describe('a model of one file', () => {
  it('is signed under its name', async () => {
    const { root } = await makeSignedModel({}, { 'model.onnx': 'graph' });
    const keys = makeKeys();
    const path = join(root, 'model.onnx');
    const { bundle, manifest } = await signModel(path, signWithKey(keys.privateKey));
    expect(manifest).toMatchObject({ name: 'model.onnx', resources: [{ name: 'model.onnx' }] });
    const model = { root: path, keys, signature: Buffer.from(bundle) };
    expect(await reasons(model)).toEqual([]);
    await rename(path, join(root, 'other.onnx'));
    expect(await reasons({ ...model, root: join(root, 'other.onnx') })).toMatchObject([
      { code: 'ERR_MODEL_MISSING' },
    ]);
  });
  it('may be signed as ".", which no folder may', async () => {
    const statement = statementOf([{ name: '.', digest: sha256('graph'), algorithm: 'sha256' }]);
    const model = await signedAs({ 'model.onnx': 'graph' }, statement);
    expect(await reasons({ ...model, root: join(model.root, 'model.onnx') })).toEqual([]);
    expect(await reasons(model)).toMatchObject([
      { code: 'ERR_MODEL_LINK', path: '.' },
      { code: 'ERR_MODEL_UNLISTED' },
    ]);
  });
});

describe('shards', () => {
  it('name the part of a file that differs', async () => {
    const model = await makeSignedModel({ method: 'shards', shardSize: 3 }, { w: 'aaabbbcc', empty: '' });
    expect(await reasons(model)).toEqual([]);
    await writeFile(join(model.root, 'w'), 'aaaXbbcc');
    expect(await reasons(model)).toMatchObject([{ code: 'ERR_MODEL_DIGEST', path: 'w:3:6' }]);
  });
  it.each([
    ['shorter', 'aaabbbc'],
    ['longer', 'aaabbbccc'],
    ['much longer', 'aaabbbccccccc'],
  ])('refuse a file that is %s', async (_, content) => {
    const model = await makeSignedModel({ method: 'shards', shardSize: 3 }, { w: 'aaabbbcc' });
    await writeFile(join(model.root, 'w'), content);
    expect(await reasons(model)).toMatchObject([{ code: 'ERR_MODEL_SIZE', path: 'w' }]);
  });
  it.each(['sha256', 'blake2b', 'blake3'] as const)('and files are hashed with %s', async (hashType) => {
    for (const method of ['files', 'shards'] as const) {
      const model = await makeSignedModel({ method, hashType, shardSize: 4 });
      const { verdict, evidence } = await verify(model, { strict: true });
      expect(verdict).toBe('verified');
      expect(evidence.signatures[0]?.serialization?.hashType).toBe(hashType);
    }
  });
  it('across the pieces that are read have the digests of their bytes', async () => {
    const data = Buffer.alloc(2 * 1024 * 1024 + 77, 'pattern');
    const model = await makeSignedModel({ method: 'shards', shardSize: 700_001 }, { w: data });
    const { evidence } = await verify(model);
    const expected = [0, 1, 2].map((index) => sha256(data.subarray(index * 700_001, (index + 1) * 700_001)));
    expect(evidence.files[0]?.digests).toEqual(expected);
  });
});

it('ends when it is aborted', async () => {
  const model = await makeSignedModel();
  expect(await reasons(model, { signal: AbortSignal.abort() })).toMatchObject([
    { code: 'ERR_MODEL_ABORTED' },
  ]);
});

it('refuses to sign an empty model', async () => {
  const root = await makeModel({ '.gitignore': 'x' });
  await expect(signModel(root, signWithKey(makeKeys().privateKey))).rejects.toMatchObject({
    code: 'ERR_MODEL_STATEMENT',
  });
});

it('refuses a signature over an empty model', async () => {
  const model = await signedAs({}, statementOf(resourcesOf()));
  expect(await reasons(model)).toMatchObject([{ code: 'ERR_MODEL_STATEMENT' }]);
});
