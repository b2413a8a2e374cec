import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { runHere } from '../__fixtures__/run-here.ts';
import { runProgram, type Run } from '../__fixtures__/run-program.ts';
import {
  basicConstraints,
  CODE_SIGNING,
  extendedKeyUsage,
  keyUsage,
  makeCertificate,
  makeKeys,
} from '../oms/__fixtures__/certificate-authority.ts';
import { makeFolder } from '../sample-model.fixture.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
const run = (...argv: readonly string[]): Promise<Run> => runHere(folder, argv);
const at = (name: string): string => join(folder, name);

/** A model, a key, a certificate for it and the root of that. */
async function fill(made: string): Promise<void> {
  folder = made;
  await mkdir(at('model/weights'), { recursive: true });
  await writeFile(at('model/config.json'), '{}');
  await writeFile(at('model/weights/a.bin'), 'aaaa');
  const root = { subject: 'root', keys: makeKeys() };
  const keys = makeKeys('P-384');
  await writeFile(at('key.pem'), keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(at('key.pub'), keys.publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(
    at('root.der'),
    makeCertificate({ ...root, extensions: [basicConstraints(true), keyUsage(5)] }),
  );
  const extensions = [basicConstraints(false), keyUsage(0), extendedKeyUsage(CODE_SIGNING)];
  await writeFile(at('leaf.der'), makeCertificate({ subject: 'leaf', keys, issuer: root, extensions }));
}

const signKey = () =>
  run('sign', 'key', 'model', '--private-key', 'key.pem', '--signature', 'model/model.sig');
const verifyKey = (...more: readonly string[]) =>
  run('verify', 'model', '--signature', 'model/model.sig', '--public-key', 'key.pub', ...more);

describe('the program', () => {
  beforeEach(async () => {
    await fill(await makeFolder());
  });

  it('signs and verifies in processes of its own', async () => {
    const sign = ['sign', 'key', 'model', '--private-key', 'key.pem', '--signature', 'model/model.sig'];
    expect(await runProgram(folder, sign)).toMatchObject({ status: 0, stderr: '' });
    const verify = ['verify', 'model', '--signature', 'model/model.sig', '--public-key', 'key.pub'];
    expect(await runProgram(folder, verify)).toEqual(await verifyKey());
  });

  it('signs with a key, verifies, and says what differs', async () => {
    expect(await signKey()).toMatchObject({ status: 0, stderr: '' });
    const fine = await verifyKey();
    expect(fine).toMatchObject({ status: 0, stderr: '' });
    expect(fine.stdout).toMatch(/^model {2}verified\n {2}signer {2}key sha256:[0-9a-f]{64}\n/);

    await writeFile(at('model/weights/a.bin'), 'bbbb');
    await writeFile(at('model/extra'), '');
    const refused = await verifyKey();
    expect(refused.status).toBe(1);
    expect(refused.stdout).toContain('ERR_MODEL_DIGEST  weights/a.bin');
    expect(refused.stdout).toContain('ERR_MODEL_UNLISTED  extra');
    expect((await verifyKey('--ignore-unsigned-files')).stdout).not.toContain('extra');
  });

  it('prints the verdict as one JSON document', async () => {
    await signKey();
    await rm(at('model/config.json'));
    const { status, stdout } = await verifyKey('--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'refused',
      reasons: [{ code: 'ERR_MODEL_MISSING', path: 'config.json' }],
      evidence: { model: 'model', signatures: [{ file: 'model.sig' }] },
    });
    expect(stdout).not.toContain(folder);
  });

  it('signs with a certificate and verifies up to its root, under the spelling of the reference tool', async () => {
    const signed = await run(
      'sign',
      'certificate',
      'model',
      '--private_key',
      'key.pem',
      '--signing_certificate',
      'leaf.der',
    );
    expect(signed).toMatchObject({ status: 0, stderr: '' });
    const chain = ['--certificate_chain', 'root.der'];
    const { status, stdout } = await run(
      'verify',
      'model',
      '--signature',
      'model.sig',
      ...chain,
      '--log-fingerprints',
    );
    expect(status).toBe(0);
    expect(stdout).toContain('CN=leaf');
    expect(stdout.match(/certificate {2}sha256:/g)).toHaveLength(2);
  });

  it('reads the passphrase of a key from the environment, or from the command line', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'secret',
    });
    await writeFile(at('locked.pem'), pem);
    const argv = ['sign', 'key', 'model', '--private-key', 'locked.pem'];
    expect((await run(...argv)).status).toBe(2);
    expect((await run(...argv, '--password', 'secret')).status).toBe(0);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    vi.stubEnv('MODEL_VERIFIER_PASSWORD', 'secret');
    expect((await run(...argv)).status).toBe(0);
    vi.stubEnv('MODEL_VERIFIER_PASSWORD', 'other');
    expect((await run(...argv)).status).toBe(2);
  });

  it('takes ignored paths relative to the model or to the current folder', async () => {
    await writeFile(at('model/notes'), '');
    const digest = async (...more: readonly string[]) => (await run('digest', 'model', ...more)).stdout;
    const without = await digest('--ignore-paths', 'notes');
    expect(await digest('--ignore-paths', 'model/notes')).toBe(without);
    expect(await digest('--ignore-paths', at('model/notes'))).toBe(without);
    expect(await digest()).not.toBe(without);
    expect((await run('digest', 'model', '--ignore-paths', '/etc')).status).toBe(64);
  });

  it('prints a digest that is the root digest of the signature', async () => {
    const { stdout } = await run('digest', 'model');
    const signed = await run('sign', 'key', 'model', '--private-key', 'key.pem', '--json');
    expect(stdout).toBe(
      `sha256:${(JSON.parse(signed.stdout) as { rootDigest: string }).rootDigest}  model\n`,
    );
  });

  it('counts different signers against a threshold', async () => {
    await signKey();
    expect((await verifyKey('--threshold', '1')).status).toBe(0);
    const { status, stdout } = await verifyKey('--threshold', '2');
    expect(status).toBe(1);
    expect(stdout).toContain('ERR_MODEL_SIGNER');
  });

  it('follows no link that was not signed as one, whatever the flag says', async () => {
    await signKey();
    await rm(at('model/config.json'));
    await writeFile(at('config.json'), '{}');
    await symlink('../config.json', at('model/config.json'));
    expect((await verifyKey('--allow-symlinks')).status).toBe(1);
  });
});

describe('ends with its own status', () => {
  beforeAll(async () => {
    await fill(await realpath(await mkdtemp(join(tmpdir(), 'model-verifier-'))));
    await signKey();
    return () => rm(folder, { recursive: true, force: true });
  });

  it.each([
    ['no such model', 2, ['verify', 'gone', '--signature', 'model/model.sig', '--public-key', 'key.pub']],
    ['no such signature', 2, ['verify', 'model', '--signature', 'gone', '--public-key', 'key.pub']],
    ['no such key', 2, ['verify', 'model', '--signature', 'model/model.sig', '--public-key', 'gone']],
    ['a signature that is none', 2, ['verify', 'model', '--signature', 'key.pub', '--public-key', 'key.pub']],
    [
      'a root that is a leaf',
      2,
      ['verify', 'model', '--signature', 'model/model.sig', '--certificate-chain', 'leaf.der'],
    ],
    [
      'a signature of another method',
      1,
      ['verify', 'model', '--signature', 'model/model.sig', '--certificate-chain', 'root.der'],
    ],
    ['nobody to trust', 64, ['verify', 'model', '--signature', 'model/model.sig']],
    ['no signature named', 64, ['verify', 'model', '--public-key', 'key.pub']],
    [
      'an identity without its issuer',
      64,
      ['verify', 'model', '--signature', 'model/model.sig', '--identity', 'a'],
    ],
    [
      'a threshold of 0',
      64,
      ['verify', 'model', '--signature', 'model/model.sig', '--public-key', 'key.pub', '--threshold', '0'],
    ],
    ['a shard size for files', 64, ['digest', 'model', '--shard-size', '5']],
    ['an unknown hash', 64, ['digest', 'model', '--hash', 'md5']],
    ['an unknown command', 64, ['verfy']],
    [
      'a folder to write the signature to',
      2,
      ['sign', 'key', 'model', '--private-key', 'key.pem', '--signature', 'gone/model.sig'],
    ],
  ])('%s', async (_, status, argv) => {
    const ended = await run(...argv);
    expect(ended.status).toBe(status);
    expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/\n\s+at |node:internal|ENOENT|ZodError/);
  });
});
