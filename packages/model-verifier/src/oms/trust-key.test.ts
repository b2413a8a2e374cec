import { ECDH, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeKeys, type KeyPair } from './__fixtures__/certificate-authority.ts';
import { bundleOf, resourcesOf, sha256, statementOf } from './__fixtures__/signed-model.ts';
import { keyHint } from './key.ts';
import { legacyPreAuthEncoding } from './pae.ts';
import { trustKey } from './trust-key.ts';
import { verifyBundle } from './verify-bundle.ts';

const payload = statementOf(resourcesOf('a'));
const keys = makeKeys();
const signed = bundleOf(payload, [keys.privateKey]);
const refusal = (code: string): Error => expect.objectContaining({ code }) as Error;
const envelopeOf = (bundle: Buffer) =>
  JSON.parse(bundle.toString()) as { dsseEnvelope: { payload: string; signatures: { sig: string }[] } };

describe.each(['P-256', 'P-384', 'P-521'])('a key on %s', (curve) => {
  const pair = makeKeys(curve);
  const bundle = bundleOf(payload, [pair.privateKey]);
  const spki = { type: 'spki' } as const;

  it('verifies with the digest of its curve', async () => {
    expect((await verifyBundle(bundle, { trust: trustKey(pair.publicKey) })).signers).toMatchObject([
      { method: 'key' },
    ]);
  });
  it.each([
    ['PEM', pair.publicKey.export({ ...spki, format: 'pem' })],
    ['DER', pair.publicKey.export({ ...spki, format: 'der' })],
    ['a compressed point', compressed(pair, curve)],
  ])('is read from %s', (_, key) => {
    expect(trustKey(key)).toMatchObject({ method: 'key' });
  });
  it('is the same signer in every form', async () => {
    const ids = [pair.publicKey.export({ ...spki, format: 'pem' }), compressed(pair, curve)].map(
      async (key) => {
        const { signers } = await verifyBundle(bundle, { trust: trustKey(key) });
        return signers[0]?.id;
      },
    );
    expect(new Set(await Promise.all(ids)).size).toBe(1);
  });
  it('refuses a signature with another digest than the curve has', async () => {
    const other = curve === 'P-256' ? 'sha384' : 'sha256';
    const changed = envelopeOf(bundle);
    const bytes = Buffer.from(changed.dsseEnvelope.payload, 'base64');
    const head = `DSSEv1 28 application/vnd.in-toto+json ${bytes.length} `;
    const sig = sign(other, Buffer.concat([Buffer.from(head), bytes]), pair.privateKey).toString('base64');
    changed.dsseEnvelope.signatures = [{ sig }];
    await expect(
      verifyBundle(Buffer.from(JSON.stringify(changed)), { trust: trustKey(pair.publicKey) }),
    ).rejects.toMatchObject({ code: 'ERR_MODEL_SIGNATURE' });
  });
});

function compressed({ publicKey }: KeyPair, curve: string): Buffer {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  const name = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' }[curve]!;
  return ECDH.convertKey(point, name, undefined, undefined, 'compressed') as Buffer;
}

describe('refuses as a key', () => {
  const pem = (pair: { publicKey: KeyPair['publicKey'] }): string =>
    pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  it.each([
    ['a curve of another format', pem(makeKeys('secp256k1'))],
    ['a smaller curve', pem(makeKeys('secp224r1'))],
    ['an RSA key', pem(generateKeyPairSync('rsa', { modulusLength: 2048 }))],
    ['an Edwards curve', pem(generateKeyPairSync('ed25519'))],
    ['a private key', keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['text', 'hello'],
    ['nothing', ''],
    ['a broken PEM', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    ['a point that is not on the curve', Buffer.concat([Buffer.of(2), Buffer.alloc(32, 0xff)])],
  ])('%s', (_, key) => {
    expect(() => trustKey(key)).toThrow(refusal('ERR_MODEL_KEY'));
  });
  it('a private key object', () => {
    expect(() => trustKey(keys.privateKey)).toThrow(refusal('ERR_MODEL_KEY'));
  });
});

describe('a signature', () => {
  const trust = trustKey(keys.publicKey);
  const refused = async (bundle: Buffer, code = 'ERR_MODEL_SIGNATURE'): Promise<void> => {
    await expect(verifyBundle(bundle, { trust })).rejects.toMatchObject({ code });
  };

  it('by another key is refused', async () => {
    await refused(bundleOf(payload, [makeKeys().privateKey]));
  });
  it('under a swapped payload is refused', async () => {
    const changed = envelopeOf(signed);
    changed.dsseEnvelope.payload = envelopeOf(
      bundleOf(statementOf(resourcesOf('b')), [keys.privateKey]),
    ).dsseEnvelope.payload;
    await refused(Buffer.from(JSON.stringify(changed)));
  });
  it('that names another key is refused, though it holds', async () => {
    await refused(bundleOf(payload, [keys.privateKey], {}, { publicKey: { hint: sha256('x') } }));
    await refused(bundleOf(payload, [keys.privateKey], {}, { publicKey: { rawBytes: 'AAAA' } }));
  });
  it('that carries its key as PEM, as once was usual, is accepted', async () => {
    const rawBytes = Buffer.from(keys.publicKey.export({ type: 'spki', format: 'pem' })).toString('base64');
    const bundle = bundleOf(payload, [keys.privateKey], {}, { publicKey: { rawBytes, keyDetails: 'x' } });
    expect((await verifyBundle(bundle, { trust })).signers).toHaveLength(1);
    await expect(verifyBundle(bundle, { trust, strict: true })).rejects.toMatchObject({
      code: 'ERR_MODEL_BUNDLE',
    });
  });
  it('forged beside a good one makes both worthless, in either order', async () => {
    const other = makeKeys().privateKey;
    const publicKey = { hint: keyHint(keys.publicKey) };
    await refused(bundleOf(payload, [keys.privateKey, other], {}, { publicKey }));
    await refused(bundleOf(payload, [other, keys.privateKey], {}, { publicKey }));
  });
  it('twice by one key is one signer; by two trusted keys it is two', async () => {
    const second = makeKeys('P-384');
    const twice = await verifyBundle(bundleOf(payload, [keys.privateKey, keys.privateKey]), { trust });
    expect(twice.signers).toHaveLength(1);
    const both = await verifyBundle(bundleOf(payload, [keys.privateKey, second.privateKey]), {
      trust: [trust, trustKey(second.publicKey)],
    });
    expect(both.signers).toHaveLength(2);
  });
  it('over another payload type is refused, though it holds', async () => {
    const changed = JSON.parse(signed.toString()) as { dsseEnvelope: { payloadType: string } };
    changed.dsseEnvelope.payloadType = 'text/plain';
    await refused(Buffer.from(JSON.stringify(changed)), 'ERR_MODEL_BUNDLE');
  });
});

describe('the encoding of version 0.2', () => {
  const pair = makeKeys('P-384');
  const trust = trustKey(pair.publicKey);
  const legacyBundle = (statement: object, digest: string): Buffer => {
    const bundle = envelopeOf(bundleOf(statement, [pair.privateKey]));
    const bytes = Buffer.from(bundle.dsseEnvelope.payload, 'base64');
    bundle.dsseEnvelope.signatures = [
      { sig: sign(digest, legacyPreAuthEncoding(bytes), pair.privateKey).toString('base64') },
    ];
    return Buffer.from(JSON.stringify(bundle));
  };
  const legacy = {
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://model_signing/Digests/v0.1',
    subject: [{ name: 'a', digest: { sha256: sha256('a') } }],
  };
  it.each(['sha256', 'sha384'])('is accepted with %s where it was asked for', async (digest) => {
    const bundle = legacyBundle(legacy, digest);
    expect((await verifyBundle(bundle, { trust, legacyV02: true })).manifest.resources).toHaveLength(1);
    await expect(verifyBundle(bundle, { trust })).rejects.toMatchObject({ code: 'ERR_MODEL_SIGNATURE' });
  });
  it('is refused for a statement of a later version', async () => {
    const bundle = legacyBundle(payload, 'sha384');
    await expect(verifyBundle(bundle, { trust, legacyV02: true })).rejects.toMatchObject({
      code: 'ERR_MODEL_SIGNATURE',
    });
  });
});
