// One signature in every form that it could be written in, and what must not pass for it.
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { der, makeKeys, type KeyPair } from './__fixtures__/certificate-authority.ts';
import { bundleOf, resourcesOf, statementOf } from './__fixtures__/signed-model.ts';
import { keyHint } from './key.ts';
import { PAYLOAD_TYPE, preAuthEncoding } from './pae.ts';
import { trustKey } from './trust-key.ts';
import { verifyBundle } from './verify-bundle.ts';

const payload = Buffer.from(JSON.stringify(statementOf(resourcesOf('a'))));
const data = preAuthEncoding(PAYLOAD_TYPE, payload);

/** Order of the group of each curve: SEC 2, sections 2.4.2, 2.5.1 and 2.6.1. */
const CURVES = [
  ['P-256', 'sha256', 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
  ['P-384', 'sha384', 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n],
  ['P-521', 'sha512', 0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n],
] as const; // prettier-ignore

const toBytes = (value: bigint): Buffer => {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
};
/** The content of an INTEGER in its shortest form. */
const shortest = (value: bigint): Buffer => {
  const bytes = toBytes(value);
  return bytes[0]! < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]);
};
const pair = (r: Buffer, s: Buffer): Buffer => der(0x30, der(0x02, r), der(0x02, s));
const signatureOf = (r: bigint, s: bigint): Buffer => pair(shortest(r), shortest(s));
const toNumber = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);

/** What becomes of a bundle that is sound but for its signature. */
async function verdictOf(sig: Buffer | string, { privateKey, publicKey }: KeyPair): Promise<string> {
  const bundle = bundleOf(payload.toString(), [privateKey]).toString();
  const json = JSON.parse(bundle) as { dsseEnvelope: { signatures: object[] } };
  json.dsseEnvelope.signatures = [{ sig: typeof sig === 'string' ? sig : sig.toString('base64') }];
  return verifyBundle(Buffer.from(JSON.stringify(json)), { trust: trustKey(publicKey) }).then(
    () => 'verified',
    (error: unknown) => (error as { code: string }).code,
  );
}

describe.each(CURVES)('a signature on %s', (namedCurve, digest, order) => {
  const keys = makeKeys(namedCurve);
  const plain = sign(digest, data, { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
  const half = plain.length / 2;
  const [r, s] = [toNumber(plain.subarray(0, half)), toNumber(plain.subarray(half))];
  const sound = signatureOf(r, s);
  const verdict = (sig: Buffer | string): Promise<string> => verdictOf(sig, keys);

  it.each<[string, Buffer | string]>([
    ['in DER', sound],
    ['with the other of the two s that hold', signatureOf(r, order - s)],
    ['in base64 without padding', sound.toString('base64').replace(/=+$/, '')],
    ['in base64 for URLs', sound.toString('base64url')],
  ])('%s is accepted', async (_, sig) => {
    expect(await verdict(sig)).toBe('verified');
  });

  it.each<[string, Buffer | string]>([
    ['with a byte behind it', Buffer.concat([sound, Buffer.of(0)])],
    ['with another signature behind it', Buffer.concat([sound, sound])],
    ['with a byte behind s', der(0x30, der(0x02, shortest(r)), der(0x02, shortest(s)), Buffer.of(0))],
    ['with a third number', der(0x30, ...[r, s, 1n].map((one) => der(0x02, shortest(one))))],
    ['without s', der(0x30, der(0x02, shortest(r)))],
    ['of nothing', der(0x30)],
    ['cut', sound.subarray(0, -1)],
    ['as r and s alone, without DER', plain],
    ['with r and s exchanged', signatureOf(s, r)],
    ['with r in a longer form', pair(Buffer.concat([Buffer.of(0), shortest(r)]), shortest(s))],
    ['with s in a longer form', pair(shortest(r), Buffer.concat([Buffer.alloc(9), shortest(s)]))],
    ['with a negative r', pair(toBytes((1n << BigInt(half * 8 + 8)) - r), shortest(s))],
    ['with a negative s', pair(shortest(r), toBytes((1n << BigInt(half * 8 + 8)) - s))],
    ['with r of no bytes', pair(Buffer.of(), shortest(s))],
    ['with r of 0', signatureOf(0n, s)],
    ['with s of 0', signatureOf(r, 0n)],
    ['with r and s of 0', signatureOf(0n, 0n)],
    ['with r of 1 and s of 1', signatureOf(1n, 1n)],
    ['with r of the order', signatureOf(order, s)],
    ['with s of the order', signatureOf(r, order)],
    ['with r past the order', signatureOf(r + order, s)],
    ['with s past the order', signatureOf(r, s + order)],
    ['with s of tens of kilobytes', pair(shortest(r), Buffer.alloc(60_000, 1))],
    ['with its length in a longer form', Buffer.concat([Buffer.of(0x30, 0x83, 0, 0), sound.subarray(-(sound.length - sound.indexOf(0x02)) - 1)])],
    ['with no length but an end', Buffer.concat([Buffer.of(0x30, 0x80), sound.subarray(sound.indexOf(0x02)), Buffer.alloc(2)])],
    ['as a set', Buffer.concat([Buffer.of(0x31), sound.subarray(1)])],
    ['over the payload alone', sign(digest, payload, keys.privateKey)],
    ['over another payload type', sign(digest, preAuthEncoding('text/plain', payload), keys.privateKey)],
    ['over the payload in base64', sign(digest, preAuthEncoding(PAYLOAD_TYPE, Buffer.from(payload.toString('base64'))), keys.privateKey)],
    ['by another key of the curve', sign(digest, data, makeKeys(namedCurve).privateKey)],
    ['by a key of another curve', sign(digest, data, makeKeys(namedCurve === 'P-256' ? 'P-384' : 'P-256').privateKey)],
    ['by an Ed25519 key', sign(undefined, data, generateKeyPairSync('ed25519').privateKey)],
  ])('%s is refused', async (_, sig) => {
    expect(await verdict(sig)).toBe('ERR_MODEL_SIGNATURE');
  }); // prettier-ignore

  it.each<[string, string]>([
    ['in hexadecimal, with a colon', sound.toString('hex').replace(/^../, '$&:')],
    ['with a line break in it', sound.toString('base64').replace(/^.{8}/, '$&\n')],
    ['with a line break behind it', `${sound.toString('base64')}\n`],
    ['with padding in it', `AAA=${sound.toString('base64')}`],
    ['with more padding than there is', `${sound.toString('base64')}====`],
    ['of padding alone', '===='],
  ])('%s is no bundle', async (_, sig) => {
    expect(await verdict(sig)).toBe('ERR_MODEL_BUNDLE');
  });
});

describe('a number with leading zeros', () => {
  it('has fewer bytes in DER, and is accepted so and no other way', async () => {
    const keys = makeKeys('P-521');
    const verdict = (sig: Buffer): Promise<string> => verdictOf(sig, keys);
    // Of 66 bytes the first has one bit: every other signature or so has an r or s that needs fewer.
    const isShort = (bytes: Buffer): boolean =>
      [0, 66].some((start) => bytes[start] === 0 && bytes[start + 1]! < 0x80);
    const make = (): Buffer => sign('sha512', data, { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
    let plain = make();
    while (!isShort(plain)) plain = make();
    const [r, s] = [plain.subarray(0, 66), plain.subarray(66)];
    expect(await verdict(signatureOf(toNumber(r), toNumber(s)))).toBe('verified');
    expect(await verdict(pair(r, s))).toBe('ERR_MODEL_SIGNATURE');
  });
});

describe('what a bundle says of the key', () => {
  const keys = makeKeys();
  const other = makeKeys();
  const trust = trustKey(keys.publicKey);
  const spki = (format: 'pem' | 'der'): string =>
    Buffer.from(keys.publicKey.export({ type: 'spki', format } as never)).toString('base64');
  const verdict = (publicKey: object, signatures = [keys.privateKey]): Promise<string> =>
    verifyBundle(bundleOf(payload.toString(), signatures, {}, { publicKey }), { trust }).then(
      () => 'verified',
      (error: unknown) => (error as { code: string }).code,
    );
  const hint = keyHint(keys.publicKey);

  it.each<[string, object]>([
    ['its hint', { hint }],
    ['its hint in capitals', { hint: hint.toUpperCase() }],
    ['its DER', { rawBytes: spki('der') }],
    ['its PEM', { rawBytes: spki('pem') }],
    ['its hint and its DER', { hint, rawBytes: spki('der') }],
    ['no hint but its DER', { hint: '', rawBytes: spki('der') }],
  ])('may be %s', async (_, publicKey) => {
    expect(await verdict(publicKey)).toBe('verified');
  });
  it.each<[string, object, string]>([
    ['a hint of another', { hint: keyHint(other.publicKey) }, 'ERR_MODEL_SIGNATURE'],
    ['the start of its hint', { hint: hint.slice(0, 8) }, 'ERR_MODEL_SIGNATURE'],
    ['a hint with a space', { hint: ` ${hint}` }, 'ERR_MODEL_SIGNATURE'],
    ['its hint and the DER of another', { hint, rawBytes: other.publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }, 'ERR_MODEL_SIGNATURE'],
    ['the hint of another and its DER', { hint: keyHint(other.publicKey), rawBytes: spki('der') }, 'ERR_MODEL_SIGNATURE'],
    ['its private key', { rawBytes: keys.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64') }, 'ERR_MODEL_SIGNATURE'],
    ['a number', { hint: 1 }, 'ERR_MODEL_BUNDLE'],
    ['a list', [hint], 'ERR_MODEL_BUNDLE'],
    ['a hint of a megabyte', { hint: 'a'.repeat(2 ** 20) }, 'ERR_MODEL_BUNDLE'],
  ])('may not be %s', async (_, publicKey, code) => {
    expect(await verdict(publicKey)).toBe(code);
  }); // prettier-ignore
  it('gives no stranger a voice: a key that came along is not trusted for it', async () => {
    const rawBytes = other.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    expect(await verdict({ hint: keyHint(other.publicKey), rawBytes }, [other.privateKey])).toBe('ERR_MODEL_SIGNATURE');
    expect(await verdict({ hint, rawBytes: spki('der') }, [other.privateKey])).toBe('ERR_MODEL_SIGNATURE');
  }); // prettier-ignore
});
