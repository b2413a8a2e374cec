// What a stranger can put in a model's folder, and what a signer can sign, to reach past it.
import { execFileSync } from 'node:child_process';
import { link, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeKeys } from './__fixtures__/certificate-authority.ts';
import {
  FILES,
  makeModel,
  makeSignedModel,
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

describe('hostile', () => {
  it.each(['../outside', '/etc/passwd', 'a/../../outside', 'a\0'])(
    'names are refused before anything is opened: %j',
    async (name) => {
      const statement = statementOf([{ name, digest: sha256('secret'), algorithm: 'sha256' }]);
      const model = await signedAs({ a: 'a' }, statement);
      await writeFile(join(model.root, '../outside'), 'secret');
      expect(await reasons(model, { ignoreUnsignedFiles: true })).toMatchObject([{ code: 'ERR_MODEL_PATH' }]);
    },
  );
  it('links in place of a file or a folder are refused, though they lead to the right bytes', async () => {
    const model = await makeSignedModel();
    await rename(join(model.root, 'config.json'), join(model.root, '../real.json'));
    await symlink('../real.json', join(model.root, 'config.json'));
    await rename(join(model.root, 'weights'), join(model.root, '../weights'));
    await symlink('../weights', join(model.root, 'weights'));
    const codes = new Set((await reasons(model)).map(({ code }) => code));
    expect(codes).toEqual(new Set(['ERR_MODEL_LINK']));
  });
  it('links that are not signed are refused too', async () => {
    const model = await makeSignedModel();
    await symlink('/etc/passwd', join(model.root, 'more'));
    expect(await reasons(model)).toMatchObject([{ code: 'ERR_MODEL_LINK', path: 'more' }]);
  });
  it('a second hard link to a signed file is refused', async () => {
    const model = await makeSignedModel();
    await link(join(model.root, 'config.json'), join(model.root, '../twin'));
    expect(await reasons(model)).toMatchObject([{ code: 'ERR_MODEL_LINK', path: 'config.json' }]);
  });
  it.skipIf(process.platform === 'win32')(
    'a pipe in place of a file is refused without waiting (no pipes on Windows)',
    async () => {
      const model = await makeSignedModel();
      await rm(join(model.root, 'config.json'));
      execFileSync('mkfifo', [join(model.root, 'config.json'), join(model.root, 'pipe')]);
      expect(await reasons(model)).toMatchObject([
        { code: 'ERR_MODEL_LINK', path: 'config.json' },
        { code: 'ERR_MODEL_LINK', path: 'pipe' },
      ]);
    },
  );
  it('a folder in place of a file is refused', async () => {
    const model = await makeSignedModel();
    await rm(join(model.root, 'config.json'));
    await mkdir(join(model.root, 'config.json'));
    expect(await reasons(model)).toMatchObject([{ code: 'ERR_MODEL_LINK', path: 'config.json' }]);
  });
  it('a file that is a terabyte of nothing is refused without reading it', async () => {
    const model = await makeSignedModel();
    await truncate(join(model.root, 'config.json'), 2 ** 40);
    expect(await reasons(model)).toMatchObject([{ code: 'ERR_MODEL_SIZE', path: 'config.json' }]);
  });
  it('a model larger than it may be is refused without reading it', async () => {
    const model = await makeSignedModel();
    expect(await reasons(model, { maxBytes: 14 })).toEqual([]);
    expect(await reasons(model, { maxBytes: 13 })).toMatchObject([{ code: 'ERR_MODEL_SIZE' }]);
  });
  it('a folder nested past all use is refused', async () => {
    const model = await makeSignedModel();
    await mkdir(join(model.root, 'x/'.repeat(80)), { recursive: true });
    expect(await reasons(model)).toMatchObject([{ code: 'ERR_MODEL_SIZE' }]);
  });
  it('a model that is not there cannot be read', async () => {
    const model = await makeSignedModel();
    expect(await reasons({ ...model, root: `${model.root}.gone` })).toMatchObject([
      { code: 'ERR_MODEL_UNREADABLE' },
    ]);
  });
});

describe('links', () => {
  const withLinks = async (): Promise<SignedFixture> => {
    const root = await makeModel();
    const keys = makeKeys();
    await symlink('config.json', join(root, 'alias.json'));
    await symlink('weights', join(root, 'w'));
    const { bundle } = await signModel(root, signWithKey(keys.privateKey), { allowSymlinks: true });
    return { root, keys, signature: Buffer.from(bundle) };
  };
  it('are followed where the signer did so', async () => {
    const model = await withLinks();
    const { verdict, evidence } = await verify(model);
    expect(verdict).toBe('verified');
    expect(evidence.files.map(({ path }) => path)).toContain('w/a.bin');
    await writeFile(join(model.root, 'config.json'), '');
    expect((await reasons(model)).map(({ path }) => path)).toEqual(['alias.json', 'config.json']);
  });
  it('that lead out are refused all the same', async () => {
    const model = await withLinks();
    await rm(join(model.root, 'alias.json'));
    await writeFile(join(model.root, '../real.json'), FILES['config.json']!);
    await symlink('../real.json', join(model.root, 'alias.json'));
    expect(await reasons(model)).toMatchObject([{ code: 'ERR_MODEL_LINK', path: 'alias.json' }]);
  });
  it('to a folder they lie in are refused by signer and verifier', async () => {
    const model = await withLinks();
    await symlink('..', join(model.root, 'weights/loop'));
    await expect(
      signModel(model.root, signWithKey(model.keys.privateKey), { allowSymlinks: true }),
    ).rejects.toMatchObject({
      code: 'ERR_MODEL_LINK',
    });
    expect((await reasons(model)).map(({ code }) => code)).toContain('ERR_MODEL_LINK');
  });
  it('are refused by a signer unless allowed', async () => {
    const model = await withLinks();
    await expect(signModel(model.root, signWithKey(model.keys.privateKey))).rejects.toMatchObject({
      code: 'ERR_MODEL_LINK',
    });
  });
});
