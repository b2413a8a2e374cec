import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyFingerprint } from '../oms/key.ts';
import { makeFolder } from '../sample-model.fixture.ts';
import { signRevocationList, verifyRevocationList } from './envelope.ts';
import type { RevocationDocument } from './list.ts';
import {
  findRevoked,
  openRevocationList,
  type RevocationList,
  type RevocationOptions,
} from './revocation.ts';

const pair = (namedCurve = 'P-256'): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve });
const ours = pair();
const second = pair('P-384');
const stranger = pair('P-521');
const idOf = (key: KeyObject): string => `sha256:${keyFingerprint(key)}`;
const bytes = `sha256:${'1'.repeat(64)}`;
const common = { reason: 'backdoor', revokedAt: '2026-11-01T00:00:00Z' };
const document: RevocationDocument = {
  listFormat: 1,
  name: 'team',
  version: 3,
  issuedAt: '2026-11-01T00:00:00Z',
  expiresAt: '2026-12-01T00:00:00Z',
  entries: [
    { type: 'digest', digest: bytes, ...common },
    { type: 'key', key: idOf(stranger.publicKey), ...common },
    { type: 'identity', identity: 'eve@example.com', issuer: 'https://issuer.example', ...common },
  ],
};
const at = new Date('2026-11-23T00:00:00Z');

async function open(
  list: Partial<RevocationDocument> = {},
  options: Partial<RevocationOptions> = {},
  keys: readonly KeyObject[] = [ours.privateKey],
): Promise<RevocationList> {
  const path = join(await makeFolder(), 'list.json');
  await writeFile(path, signRevocationList({ ...document, ...list }, keys));
  return openRevocationList(path, { keys: [ours.publicKey], at, ...options });
}

describe('a signed list', () => {
  it('is opened and says who signed it', async () => {
    await expect(open()).resolves.toMatchObject({ document, signers: [idOf(ours.publicKey)] });
  });

  it.each([
    ['P-256', ours],
    ['P-384', second],
    ['P-521', stranger],
  ])('verifies with a key on %s', async (_, { publicKey, privateKey }) => {
    await expect(open({}, { keys: [publicKey] }, [privateKey])).resolves.toMatchObject({ document });
  });

  it('is refused when a stranger signed it', async () => {
    await expect(open({}, {}, [stranger.privateKey])).rejects.toMatchObject({ code: 'ERR_MODEL_REVOCATION' });
  });

  it('needs as many different keys as the threshold says', async () => {
    const keys = [ours.publicKey, second.publicKey];
    const both = [ours.privateKey, second.privateKey];
    await expect(open({}, { keys, threshold: 2 }, both)).resolves.toMatchObject({ document });
    const twice = [ours.privateKey, ours.privateKey];
    await expect(open({}, { keys, threshold: 2 }, twice)).rejects.toMatchObject({ found: '1' });
    await expect(
      open({}, { keys: [ours.publicKey, ours.publicKey], threshold: 2 }, twice),
    ).rejects.toMatchObject({
      found: '1',
    });
  });

  it('passes over the signature of a key that is not trusted yet', async () => {
    const keys = [second.privateKey, ours.privateKey];
    await expect(open({}, {}, keys)).resolves.toMatchObject({ signers: [idOf(ours.publicKey)] });
  });

  it.each([
    [
      'payload',
      (text: string) =>
        text.replace(/"payload": "(.)/, (_, first) => `"payload": "${first === 'A' ? 'B' : 'A'}`),
    ],
    ['type', (text: string) => text.replace('revocation-list', 'other-list'), 'ERR_MODEL_REVOCATION_FORMAT'],
    ['signature', (text: string) => text.replace(/"sig": "[^"]+"/, '"sig": "AAAA"')],
    ['shape', (text: string) => text.replace('{', '{"extra": 1,'), 'ERR_MODEL_REVOCATION_FORMAT'],
    ['JSON', (text: string) => text.slice(0, -3), 'ERR_MODEL_REVOCATION_FORMAT'],
  ])('is refused for a changed %s', (_, change, code = 'ERR_MODEL_REVOCATION') => {
    const text = signRevocationList(document, [ours.privateKey]);
    expect(() => verifyRevocationList(text, [ours.publicKey])).not.toThrow();
    expect(change(text)).not.toBe(text);
    expect(() => verifyRevocationList(change(text), [ours.publicKey])).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('is refused as a link, and when it is not there', async () => {
    const root = await makeFolder();
    await writeFile(join(root, 'real.json'), signRevocationList(document, [ours.privateKey]));
    await symlink('real.json', join(root, 'list.json'));
    for (const name of ['list.json', 'none.json']) {
      await expect(
        openRevocationList(join(root, name), { keys: [ours.publicKey], at }),
      ).rejects.toMatchObject({
        code: 'ERR_MODEL_UNREADABLE',
      });
    }
  });

  it.each([
    ['no time zone', { expiresAt: '2026-12-01T00:00:00' }],
    ['an expiry before its issue', { expiresAt: '2026-10-01T00:00:00Z' }],
    ['version 0', { version: 0 }],
    ['a short digest', { entries: [{ type: 'digest', digest: 'sha256:11', ...common }] }],
    ['an unknown kind of entry', { entries: [{ type: 'host', host: 'a', ...common }] }],
    ['a reason of two lines', { entries: [{ type: 'digest', digest: bytes, ...common, reason: 'a\nb' }] }],
  ])('is not made with %s', (_, more) => {
    expect(() => signRevocationList({ ...document, ...more } as never, [ours.privateKey])).toThrow(
      expect.objectContaining({ code: 'ERR_MODEL_REVOCATION_FORMAT' }),
    );
  });
});

describe('freshness', () => {
  const expiry = Date.parse(document.expiresAt);
  it('ends with the expiry, to the millisecond', async () => {
    await expect(open({}, { at: new Date(expiry - 1) })).resolves.toBeDefined();
    await expect(open({}, { at: new Date(expiry) })).rejects.toMatchObject({ code: 'ERR_MODEL_EXPIRED' });
  });

  it('lasts longer by the grace that is given', async () => {
    await expect(open({}, { at: new Date(expiry + 59_999), graceSeconds: 60 })).resolves.toBeDefined();
    await expect(open({}, { at: new Date(expiry + 60_000), graceSeconds: 60 })).rejects.toMatchObject({
      code: 'ERR_MODEL_EXPIRED',
    });
  });

  it('does not start in the future', async () => {
    const before = new Date(Date.parse(document.issuedAt) - 5 * 60_000);
    await expect(open({}, { at: before })).resolves.toBeDefined();
    await expect(open({}, { at: new Date(before.getTime() - 1) })).rejects.toMatchObject({
      code: 'ERR_MODEL_REVOCATION',
    });
  });
});

describe('rollback', () => {
  it('is refused after a newer list was seen, and the newer one stays good', async () => {
    const statePath = join(await makeFolder(), 'state.json');
    await expect(open({ version: 3 }, { statePath })).resolves.toBeDefined();
    await expect(open({ version: 4 }, { statePath })).resolves.toBeDefined();
    await expect(open({ version: 3 }, { statePath })).rejects.toMatchObject({ code: 'ERR_MODEL_ROLLBACK' });
    await expect(open({ version: 4 }, { statePath })).resolves.toBeDefined();
  });

  it('is refused as another list of the same version, and not as another signature of the same list', async () => {
    const statePath = join(await makeFolder(), 'state.json');
    await open({}, { statePath });
    await expect(open({}, { statePath })).resolves.toBeDefined();
    await expect(open({ entries: [] }, { statePath })).rejects.toMatchObject({ code: 'ERR_MODEL_ROLLBACK' });
  });

  it('is remembered by list', async () => {
    const statePath = join(await makeFolder(), 'state.json');
    await open({ version: 9 }, { statePath });
    await expect(open({ name: 'other', version: 1 }, { statePath })).resolves.toBeDefined();
  });

  it('is not made possible by breaking the state', async () => {
    const statePath = join(await makeFolder(), 'state.json');
    await open({}, { statePath });
    await writeFile(statePath, (await readFile(statePath, 'utf8')).slice(0, 20));
    await expect(open({}, { statePath })).rejects.toMatchObject({ code: 'ERR_MODEL_REVOCATION' });
  });

  it('is refused below a version that is pinned', async () => {
    await expect(open({}, { minimumVersion: 3 })).resolves.toBeDefined();
    await expect(open({}, { minimumVersion: 4 })).rejects.toMatchObject({ code: 'ERR_MODEL_ROLLBACK' });
  });

  it('does not remember a list that was refused', async () => {
    const statePath = join(await makeFolder(), 'state.json');
    await expect(open({ version: 99 }, { statePath }, [stranger.privateKey])).rejects.toMatchObject({
      code: 'ERR_MODEL_REVOCATION',
    });
    await expect(open({ version: 3 }, { statePath })).resolves.toBeDefined();
  });
});

describe('findRevoked', () => {
  it('finds bytes, a key and an identity, each with its reason', async () => {
    const list = await open();
    const identity = { id: 'x', identity: 'eve@example.com', issuer: 'https://issuer.example' };
    const signers = [{ id: idOf(stranger.publicKey) }, identity];
    expect(findRevoked(list, { digests: [bytes], signers }).map(({ code }) => code)).toEqual(
      Array.from({ length: 3 }, () => 'ERR_MODEL_REVOKED'),
    );
    expect(findRevoked(list, { digests: [bytes] })).toMatchObject([
      { found: bytes, message: expect.stringContaining('backdoor') as unknown },
    ]);
  });

  it('finds nothing about others: an identity of another issuer is another', async () => {
    const list = await open();
    const signers = [
      { id: idOf(ours.publicKey) },
      { id: 'x', identity: 'eve@example.com', issuer: 'https://other.example' },
    ];
    expect(findRevoked(list, { digests: [`sha256:${'2'.repeat(64)}`], signers })).toEqual([]);
  });
});
