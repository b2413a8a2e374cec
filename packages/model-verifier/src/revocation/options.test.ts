import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModelLock } from '../lock/lock.ts';
import { trustKey } from '../oms/trust-key.ts';
import { verifyBundle } from '../oms/verify-bundle.ts';
import { verifyModel } from '../oms/verify-model.ts';
import type { OpenModelOptions } from '../opening.ts';
import type { VerifierPolicy } from '../policy/document.ts';
import { makeFolder, makeModel, source } from '../sample-model.fixture.ts';
import { openVerifiedModel } from '../verified-model.ts';
import { signRevocationList, verifyRevocationList } from './envelope.ts';
import { openRevocationList, type RevocationList, type RevocationOptions } from './revocation.ts';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const expiresAt = '2026-11-02T00:00:00Z';
const text = signRevocationList(
  { listFormat: 1, name: 'team', version: 3, issuedAt: '2026-11-01T00:00:00Z', expiresAt, entries: [] },
  [privateKey],
);
/** An hour before and after the list expires. */
const before = new Date(Date.parse(expiresAt) - 3_600_000);
const after = new Date(Date.parse(expiresAt) + 3_600_000);
const nowhere = new Date('junk');

async function openList(options: Partial<RevocationOptions>): Promise<RevocationList> {
  const path = join(await makeFolder(), 'list.json');
  await writeFile(path, text);
  return openRevocationList(path, { keys: [publicKey], ...options });
}

async function open(options: OpenModelOptions): Promise<unknown> {
  return openVerifiedModel(await openModelLock((await makeModel()).lockPath), 'faces', options);
}

const fails = (code: string): unknown => expect.objectContaining({ name: 'ModelError', code });

describe('a number or date that is none', () => {
  it.each([Number.NaN, 0, -1, 1.5, Infinity])('is no threshold of a list: %s', async (threshold) => {
    expect(() => verifyRevocationList(text, [publicKey], threshold)).toThrow(fails('ERR_MODEL_OPTIONS'));
    await expect(openList({ at: before, threshold })).rejects.toEqual(fails('ERR_MODEL_OPTIONS'));
  });

  it.each<Partial<RevocationOptions>>([
    { graceSeconds: Number.NaN },
    { graceSeconds: Infinity },
    { graceSeconds: -1 },
    { minimumVersion: Number.NaN },
    { minimumVersion: 0 },
    { at: nowhere },
  ])('opens no list: %o', async (options) => {
    await expect(openList({ at: after, ...options })).rejects.toEqual(fails('ERR_MODEL_OPTIONS'));
  });

  it('opens no model, and verifies no signature', async () => {
    const revocation = await openList({ at: before });
    await expect(open({ revocation, at: nowhere })).rejects.toEqual(fails('ERR_MODEL_OPTIONS'));
    await expect(open({ at: nowhere })).rejects.toEqual(fails('ERR_MODEL_OPTIONS'));
    const options = { trust: trustKey(publicKey), at: nowhere };
    await expect(verifyBundle(Buffer.from('{}'), options)).rejects.toEqual(fails('ERR_MODEL_OPTIONS'));
    const { verdict, reasons } = await verifyModel((await makeModel()).root, {
      ...options,
      signature: Buffer.from('{}'),
    });
    expect([verdict, ...reasons.map(({ code }) => code)]).toEqual(['refused', 'ERR_MODEL_OPTIONS']);
  });

  it.each<Partial<VerifierPolicy>>([
    { limits: { maxFileBytes: Number.NaN } },
    { limits: { maxModelBytes: Number.NaN } },
    { revocation: { keys: [`sha256:${'0'.repeat(64)}`], threshold: Number.NaN } },
    { revocation: { keys: [`sha256:${'0'.repeat(64)}`], graceSeconds: Number.NaN } },
    { signers: { default: { threshold: Number.NaN, keys: [`sha256:${'0'.repeat(64)}`] } } },
  ])('makes no policy, also of an object: %o', async (more) => {
    const policy = { policyVersion: 1, packages: [source.package], ...more } as const;
    const revocation = await openList({ at: before });
    await expect(open({ policy, revocation, at: before })).rejects.toEqual(fails('ERR_MODEL_POLICY'));
  });

  it('in a list that a program made up is refused', async () => {
    const list = await openList({ at: before });
    for (const more of [{ expiresAt: 'junk' }, { issuedAt: 'junk' }]) {
      const revocation = { ...list, document: { ...list.document, ...more } };
      await expect(open({ revocation, at: before })).rejects.toThrow();
    }
    await expect(open({ revocation: { ...list, graceSeconds: Number.NaN }, at: after })).rejects.toEqual(
      fails('ERR_MODEL_EXPIRED'),
    );
  });
});

describe('the grace that a list was opened with', () => {
  it('holds where a model is opened, to its last second', async () => {
    const revocation = await openList({ at: after, graceSeconds: 3601 });
    await expect(open({ revocation, at: after })).resolves.toBeDefined();
    const late = new Date(after.getTime() + 1000);
    await expect(open({ revocation, at: late })).rejects.toEqual(fails('ERR_MODEL_EXPIRED'));
  });

  it('is that of the policy where it has a rule', async () => {
    const revocation = await openList({ at: after, graceSeconds: 7200 });
    const policy = (rules: object): VerifierPolicy => ({
      policyVersion: 1,
      packages: [source.package],
      formats: ['onnx'],
      revocation: { keys: revocation.signers, ...rules },
    });
    await expect(open({ revocation, policy: policy({}), at: after })).rejects.toEqual(
      fails('ERR_MODEL_EXPIRED'),
    );
    await expect(
      open({ revocation, policy: policy({ graceSeconds: 3601 }), at: after }),
    ).resolves.toBeDefined();
  });
});
