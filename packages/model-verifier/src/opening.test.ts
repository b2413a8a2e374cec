import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openJournal } from './journal/journal.ts';
import type { JournalRecord } from './journal/record.ts';
import { readJournal, verifyJournal } from './journal/verify.ts';
import type { LockedModel, SignerPolicy } from './lock/document.ts';
import { lockFolder } from './lock/entry.ts';
import { openModelLock, type ModelLock } from './lock/lock.ts';
import { updateModelLock } from './lock/update-file.ts';
import { keyFingerprint } from './oms/key.ts';
import { signModel } from './oms/sign-model.ts';
import { signWithKey } from './oms/signer.ts';
import { trustKey } from './oms/trust-key.ts';
import { contractOf } from './onnx/contract.ts';
import { inspectOnnx } from './onnx/inspect.ts';
import type { OpenModelOptions } from './opening.ts';
import type { VerifierPolicy } from './policy/document.ts';
import { signRevocationList } from './revocation/envelope.ts';
import type { RevocationEntry } from './revocation/list.ts';
import { openRevocationList, type RevocationList } from './revocation/revocation.ts';
import { makeFolder, source } from './sample-model.fixture.ts';
import { openVerifiedModel } from './verified-model.ts';
import { openVerifiedPaths } from './verified-paths.ts';

const real = join(import.meta.dirname, '../../../apps/gateway/models/blazeface-front-128/model.onnx');
const pair = (): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ada = pair();
const eve = pair();
const idOf = ({ publicKey }: { publicKey: KeyObject }): string => `sha256:${keyFingerprint(publicKey)}`;
const allowed: VerifierPolicy = { policyVersion: 1, packages: [source.package] };

/** A folder with a real model, signed by these, and a lock that lists it. */
async function signedModel(
  signers: readonly { privateKey: KeyObject }[] = [ada],
  more: Partial<LockedModel> = {},
): Promise<ModelLock> {
  const root = await makeFolder();
  await mkdir(join(root, 'faces'));
  await copyFile(real, join(root, 'faces/model.onnx'));
  const bundles = await Promise.all(
    signers.map(({ privateKey }) => signModel(join(root, 'faces'), signWithKey(privateKey))),
  );
  await Promise.all(bundles.map(({ bundle }, index) => writeFile(join(root, `faces/${index}.sig`), bundle)));
  const files = await lockFolder(root, 'faces');
  const path = join(root, 'models.lock');
  await updateModelLock(path, () => ({
    lockfileVersion: 2,
    models: { faces: { licence: 'MIT', source, files, ...more } },
  }));
  return openModelLock(path);
}

/** A word or the codes of all reasons. */
async function outcome(lock: ModelLock, options: OpenModelOptions): Promise<readonly string[]> {
  try {
    await openVerifiedModel(lock, 'faces', options);
    return ['verified'];
  } catch (error) {
    const { code, reasons } = error as { code: string; reasons?: readonly { code: string }[] };
    return reasons === undefined ? [code] : reasons.map((reason) => reason.code);
  }
}

const asks = (...keys: { publicKey: KeyObject }[]): SignerPolicy => ({
  threshold: keys.length,
  keys: keys.map(idOf),
});

describe('a policy', () => {
  it('that allows the model opens it, and the evidence names the policy', async () => {
    const { evidence } = await openVerifiedModel(await signedModel(), 'faces', { policy: allowed });
    expect(evidence.policyDigest).toMatch(/^sha256:/);
  });

  it.each([
    ['its package', { policyVersion: 1 }],
    ['its licence', { ...allowed, licences: ['Apache-2.0'] }],
    ['its format', { ...allowed, formats: ['safetensors'] }],
    ['its way of trust', { ...allowed, provenance: ['signature'] }],
    ['its size', { ...allowed, limits: { maxFileBytes: 442_004 } }],
    ['the size of all files', { ...allowed, limits: { maxModelBytes: 442_005 } }],
  ] as const)('that does not allow %s refuses it', async (_, policy) => {
    expect(await outcome(await signedModel(), { policy })).toEqual(['ERR_MODEL_DENIED']);
  });

  it('takes a file of just the size that it allows', async () => {
    expect(
      await outcome(await signedModel(), { policy: { ...allowed, limits: { maxFileBytes: 442_005 } } }),
    ).toEqual(['verified']);
  });

  it('allows the source of a URL only with its path and revision', async () => {
    const url = 'https://models.example/v1/faces.onnx';
    const lock = await signedModel([ada], { source: { type: 'url', url, revision: 'v1' } });
    const policy = (path: string): VerifierPolicy => ({
      policyVersion: 1,
      sources: [{ host: 'models.example', paths: [path] }],
    });
    expect(await outcome(lock, { policy: policy('/{revision}/{file}') })).toEqual(['verified']);
    expect(await outcome(lock, { policy: policy('/v2/{file}') })).toEqual(['ERR_MODEL_SOURCE']);
  });

  it('tells every reason at once', async () => {
    const policy = { ...allowed, licences: ['X'], formats: ['y'], requireJournal: true };
    expect(await outcome(await signedModel(), { policy })).toEqual([
      'ERR_MODEL_DENIED',
      'ERR_MODEL_DENIED',
      'ERR_MODEL_JOURNAL',
    ]);
  });
});

describe('signers', () => {
  it('that the lock asks for must have signed, by the trust that is given', async () => {
    const lock = await signedModel([ada], { signers: asks(ada) });
    expect(await outcome(lock, { trust: trustKey(ada.publicKey) })).toEqual(['verified']);
    expect(await outcome(lock, {})).toContain('ERR_MODEL_SIGNER');
    expect(await outcome(lock, { trust: trustKey(eve.publicKey) })).toContain('ERR_MODEL_SIGNER');
  });

  it('are in the evidence', async () => {
    const { evidence } = await openVerifiedModel(await signedModel(), 'faces', {
      trust: trustKey(ada.publicKey),
    });
    expect(evidence.signers).toMatchObject([{ method: 'key', id: idOf(ada) }]);
  });

  it('who are trusted must have signed, though nobody is pinned', async () => {
    const trust = trustKey(ada.publicKey);
    expect(await outcome(await signedModel([ada]), { trust })).toEqual(['verified']);
    expect(await outcome(await signedModel([]), { trust })).toEqual(['ERR_MODEL_SIGNER']);
    expect(await outcome(await signedModel([]), {})).toEqual(['verified']);
  });

  it('who are trusted but not pinned do not count', async () => {
    const lock = await signedModel([eve], { signers: asks(ada) });
    const trust = [trustKey(ada.publicKey), trustKey(eve.publicKey)];
    expect(await outcome(lock, { trust })).toEqual(['ERR_MODEL_SIGNER']);
  });

  it('must be as many different ones as the threshold says', async () => {
    const trust = [trustKey(ada.publicKey), trustKey(eve.publicKey)];
    expect(await outcome(await signedModel([ada, eve], { signers: asks(ada, eve) }), { trust })).toEqual([
      'verified',
    ]);
    expect(await outcome(await signedModel([ada, ada], { signers: asks(ada, eve) }), { trust })).toEqual([
      'ERR_MODEL_SIGNER',
    ]);
  });

  it('of a lock must be approved in the policy: a rotated key needs its review', async () => {
    const lock = await signedModel([eve], { signers: asks(eve) });
    const trust = [trustKey(ada.publicKey), trustKey(eve.publicKey)];
    const policy = (...keys: { publicKey: KeyObject }[]): VerifierPolicy => ({
      ...allowed,
      signers: { models: { faces: { threshold: 1, keys: keys.map(idOf) } } },
    });
    expect(await outcome(lock, { trust, policy: policy(ada) })).toEqual(['ERR_MODEL_SIGNER']);
    expect(await outcome(lock, { trust, policy: policy(ada, eve) })).toEqual(['verified']);
  });

  it.each([
    ['the model', { models: { faces: asks(ada) }, sources: { npm: asks(eve) }, default: asks(eve) }],
    ['the source', { sources: { npm: asks(ada) }, default: asks(eve) }],
    ['all', { default: asks(ada) }],
  ])('are asked for by the rule for %s', async (_, signers) => {
    const trust = [trustKey(ada.publicKey), trustKey(eve.publicKey)];
    const policy = { ...allowed, signers };
    expect(await outcome(await signedModel([ada]), { trust, policy })).toEqual(['verified']);
    expect(await outcome(await signedModel([eve]), { trust, policy })).toEqual(['ERR_MODEL_SIGNER']);
  });

  it('refuse the model when a signature that holds was made for other bytes', async () => {
    const lock = await signedModel([ada]);
    const model = join(lock.root, 'faces/model.onnx');
    const bytes = await readFile(model);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(model, bytes);
    const files = await lockFolder(lock.root, 'faces');
    const path = join(lock.root, 'models.lock');
    await updateModelLock(path, (document) => ({
      ...document,
      models: { faces: { ...document.models['faces']!, files, signers: asks(ada) } },
    }));
    const trust = trustKey(ada.publicKey);
    expect(await outcome(await openModelLock(path), { trust })).toEqual([
      'ERR_MODEL_DIGEST',
      'ERR_MODEL_SIGNER',
    ]);
  });

  it('refuse the model when a file of the lock is covered by no signature', async () => {
    const lock = await signedModel([ada]);
    await writeFile(join(lock.root, 'faces/labels.txt'), 'face');
    const files = await lockFolder(lock.root, 'faces');
    const path = join(lock.root, 'models.lock');
    await updateModelLock(path, ({ models }) => ({
      lockfileVersion: 2,
      models: { faces: { ...models['faces']!, files } },
    }));
    await expect(
      openVerifiedModel(await openModelLock(path), 'faces', { trust: trustKey(ada.publicKey) }),
    ).rejects.toMatchObject({ code: 'ERR_MODEL_SIGNER', path: 'faces/labels.txt' });
  });

  it('may have signed in shards, and with BLAKE2b', async () => {
    for (const how of [{ shardSize: 100_000 }, { hashType: 'blake2b' }] as const) {
      const lock = await signedModel([]);
      const { bundle } = await signModel(join(lock.root, 'faces'), signWithKey(ada.privateKey), how);
      await writeFile(join(lock.root, 'faces/model.sig'), bundle);
      const files = await lockFolder(lock.root, 'faces');
      const path = join(lock.root, 'models.lock');
      await updateModelLock(path, ({ models }) => ({
        lockfileVersion: 2,
        models: { faces: { ...models['faces']!, files, signers: asks(ada) } },
      }));
      expect(await outcome(await openModelLock(path), { trust: trustKey(ada.publicKey) })).toEqual([
        'verified',
      ]);
    }
  });
});

describe('the graph', () => {
  const contract = contractOf(inspectOnnx(readFileSync(real)));
  it('that is the one of the contract opens', async () => {
    expect(await outcome(await signedModel([], { onnx: contract }), {})).toEqual(['verified']);
  });

  it('that is another one is refused, and told how it differs', async () => {
    const other = {
      ...contract,
      operators: contract.operators.slice(1),
      fingerprint: `sha256:${'0'.repeat(64)}`,
    };
    expect(await outcome(await signedModel([], { onnx: other }), {})).toEqual([
      'contract-operator',
      'contract-fingerprint',
    ]);
  });

  it('must have a contract, and fit the profile, where the policy says so', async () => {
    const policy = { ...allowed, onnx: { requireContract: true, profile: 'detection' } };
    expect(await outcome(await signedModel([]), { policy })).toEqual(['ERR_MODEL_CONTRACT']);
    expect(await outcome(await signedModel([], { onnx: contract }), { policy })).toEqual(['verified']);
    const unknown = { ...allowed, onnx: { profile: 'anything-goes' } };
    expect(await outcome(await signedModel([]), { policy: unknown })).toEqual(['ERR_MODEL_POLICY']);
  });
});

describe('revocation', () => {
  const at = new Date('2026-11-23T00:00:00Z');
  const common = { reason: 'test', revokedAt: '2026-11-01T00:00:00Z' };
  async function list(...entries: RevocationEntry[]): Promise<RevocationList> {
    const path = join(await makeFolder(), 'list.json');
    const [issuedAt, expiresAt] = ['2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'];
    const document = { listFormat: 1, name: 'team', version: 1, issuedAt, expiresAt, entries } as const;
    await writeFile(path, signRevocationList(document, [ada.privateKey]));
    return openRevocationList(path, { keys: [ada.publicKey], at });
  }

  it('refuses a file, a whole model and a signer', async () => {
    const lock = await signedModel([eve]);
    const { evidence } = await openVerifiedModel(lock, 'faces');
    for (const digest of [evidence.digest, evidence.rootDigest]) {
      const revocation = await list({ type: 'digest', digest, ...common });
      expect(await outcome(lock, { revocation, at })).toEqual(['ERR_MODEL_REVOKED']);
    }
    const revocation = await list({ type: 'key', key: idOf(eve), ...common });
    expect(await outcome(lock, { revocation, at, trust: trustKey(eve.publicKey) })).toEqual([
      'ERR_MODEL_REVOKED',
    ]);
  });

  it('lets through what the list does not name, and says so in the evidence', async () => {
    const revocation = await list();
    const { evidence } = await openVerifiedModel(await signedModel(), 'faces', { revocation, at });
    expect(evidence.revocationDigest).toBe(revocation.digest);
  });

  it('is asked for by a policy, with its keys and within its grace', async () => {
    const lock = await signedModel();
    const policy = { ...allowed, revocation: { keys: [idOf(ada)], graceSeconds: 60 } };
    const revocation = await list();
    expect(await outcome(lock, { policy, at })).toEqual(['ERR_MODEL_REVOCATION']);
    expect(await outcome(lock, { policy, revocation, at })).toEqual(['verified']);
    const late = Date.parse(revocation.document.expiresAt) + 60_000;
    expect(await outcome(lock, { policy, revocation, at: new Date(late - 1) })).toEqual(['verified']);
    expect(await outcome(lock, { policy, revocation, at: new Date(late) })).toEqual(['ERR_MODEL_EXPIRED']);
    const foreign = { ...allowed, revocation: { keys: [idOf(eve)] } };
    expect(await outcome(lock, { policy: foreign, revocation, at })).toEqual(['ERR_MODEL_REVOCATION']);
  });
});

describe('the journal', () => {
  async function history(path: string): Promise<readonly JournalRecord[]> {
    const records: JournalRecord[] = [];
    for await (const record of readJournal(path, 'faces')) records.push(record);
    return records;
  }

  it('has the verification and the load before the model is handed over', async () => {
    const lock = await signedModel();
    const journal = openJournal(join(lock.root, 'journal.jsonl'));
    const { evidence } = await openVerifiedModel(lock, 'faces', { journal, policy: allowed });
    const [verified, loaded] = await history(journal.path);
    expect(verified?.statement.subject).toEqual(
      evidence.files.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } })),
    );
    expect(verified?.statement.predicate).toMatchObject({ verificationResult: 'PASSED' });
    expect(loaded).toMatchObject({ event: 'load', statement: { predicate: { mode: 'bytes' } } });
    await expect(verifyJournal(journal.path)).resolves.toMatchObject({ verdict: 'verified' });
  });

  it('has a refusal with its codes, and no load', async () => {
    const lock = await signedModel();
    const journal = openJournal(join(lock.root, 'journal.jsonl'));
    expect(await outcome(lock, { journal, policy: { policyVersion: 1 } })).toEqual(['ERR_MODEL_DENIED']);
    await writeFile(join(lock.root, 'faces/model.onnx'), 'other');
    expect(await outcome(lock, { journal })).toEqual(['ERR_MODEL_SIZE']);
    expect(
      (await history(journal.path)).map(({ event, statement }) => [event, statement.predicate]),
    ).toMatchObject([
      ['verify', { verificationResult: 'FAILED', 'urn:sallyport:reasons': ['ERR_MODEL_DENIED'] }],
      ['verify', { verificationResult: 'FAILED', 'urn:sallyport:reasons': ['ERR_MODEL_SIZE'] }],
    ]);
  });

  it('that cannot be written keeps the model shut', async () => {
    const lock = await signedModel();
    const journal = openJournal(join(lock.root, 'journal.jsonl'));
    await openVerifiedModel(lock, 'faces', { journal });
    await writeFile(journal.path, '');
    expect(await outcome(lock, { journal })).toEqual(['ERR_MODEL_JOURNAL']);
  });
});

describe('openVerifiedPaths', () => {
  it('answers with paths, checked like the bytes, and says so in the journal', async () => {
    const lock = await signedModel([ada], { signers: asks(ada) });
    const journal = openJournal(join(lock.root, 'journal.jsonl'));
    const trust = trustKey(ada.publicKey);
    const model = await openVerifiedPaths(lock, 'faces', { journal, trust, policy: allowed });
    expect(model.path).toBe(join(lock.root, 'faces/model.onnx'));
    expect(model.evidence).toMatchObject({ name: 'faces', signers: [{ id: idOf(ada) }] });
    await expect(openVerifiedPaths(lock, 'faces')).rejects.toMatchObject({ code: 'ERR_MODEL_SIGNER' });
  });

  it('sees at a second look what was written meanwhile, also with the same bytes', async () => {
    const lock = await signedModel([]);
    const model = await openVerifiedPaths(lock, 'faces');
    await expect(model.recheck()).resolves.toBeUndefined();
    await expect(model.recheck({ content: true })).resolves.toBeUndefined();
    await writeFile(model.path, await readFile(real));
    await expect(model.recheck()).rejects.toMatchObject({ code: 'ERR_MODEL_CHANGED' });
    await expect(model.recheck({ content: true })).rejects.toMatchObject({ code: 'ERR_MODEL_CHANGED' });
    await writeFile(join(lock.root, 'faces/extra'), '');
    await expect(model.recheck()).rejects.toMatchObject({ code: 'ERR_MODEL_UNLISTED' });
  });
});
