// Bundles that two readers could take for two things, and bundles that cost more than they are worth.
import { sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeKeys } from './__fixtures__/certificate-authority.ts';
import { bundleOf, resourcesOf, statementOf } from './__fixtures__/signed-model.ts';
import { PAYLOAD_TYPE, preAuthEncoding } from './pae.ts';
import { verifySigstoreBundle } from './sigstore.ts';
import { trustKey } from './trust-key.ts';
import { verifyBundle } from './verify-bundle.ts';

const keys = makeKeys();
const second = makeKeys('P-384');
const trust = [trustKey(keys.publicKey)];
const payload = JSON.stringify(statementOf(resourcesOf('a')));
const sound = bundleOf(payload, [keys.privateKey]).toString();
interface Json {
  verificationMaterial: Record<string, unknown>;
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string; keyid?: unknown }[] };
}
const json = (): Json => JSON.parse(sound) as Json;
const [signature] = json().dsseEnvelope.signatures as [{ sig: string }];

const outcome = async (bundle: string | object, whom = trust): Promise<string> => {
  const bytes = Buffer.from(typeof bundle === 'string' ? bundle : JSON.stringify(bundle));
  return verifyBundle(bytes, { trust: whom }).then(
    ({ signers }) => `${signers.length} signers`,
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
};
const material = (changes: object): object => ({ ...json(), verificationMaterial: changes });
const envelope = (changes: object): object => ({
  ...json(),
  dsseEnvelope: { ...json().dsseEnvelope, ...changes },
});
const SOUND = '1 signers';
const NONE = 'ERR_MODEL_BUNDLE';
const BAD = 'ERR_MODEL_SIGNATURE';

describe('material', () => {
  const { publicKey } = json().verificationMaterial;
  const one = { rawBytes: 'AAAA' };
  const chain = { certificates: [one] };
  it.each<[string, object, string]>([
    ['with a key', { publicKey }, SOUND],
    ['with a key and an empty log', { publicKey, tlogEntries: [] }, SOUND],
    ['with a key and an entry in a log, which vouches for nothing here', { publicKey, tlogEntries: [{}] }, SOUND],
    ['with a key and an empty chain', { publicKey, x509CertificateChain: { certificates: [] } }, NONE],
    ['with a key and a chain', { publicKey, x509CertificateChain: chain }, NONE],
    ['with a key and a certificate', { publicKey, certificate: one }, NONE],
    ['with a chain and a certificate', { x509CertificateChain: chain, certificate: one, tlogEntries: [{}] }, NONE],
    ['with all three', { publicKey, x509CertificateChain: chain, certificate: one }, NONE],
    ['with a key in the spelling of protobuf', { public_key: publicKey }, NONE],
    ['with a key that is nothing', { publicKey: null }, NONE],
    ['with a kind that there is not', { publicKey, pgp: {} }, NONE],
    ['with a log that is no list', { publicKey, tlogEntries: {} }, NONE],
    ['with the method of another trust: a chain', { x509CertificateChain: chain }, BAD],
    ['with the method of another trust: a certificate', { certificate: one, tlogEntries: [{}] }, BAD],
  ])('%s', async (_, changes, expected) => {
    expect(await outcome(material(changes))).toBe(expected);
  }); // prettier-ignore
});

describe('an envelope', () => {
  const other = {
    sig: sign('sha256', preAuthEncoding(PAYLOAD_TYPE, Buffer.from(payload)), makeKeys().privateKey).toString(
      'base64',
    ),
  };
  const standard = Buffer.from(payload).toString('base64');
  it.each<[string, object, string]>([
    ['of a payload for URLs', { payload: Buffer.from(payload).toString('base64url') }, SOUND],
    ['of a payload in JSON, not base64', { payload }, NONE],
    ['of a payload with a line break', { payload: `${standard}\n` }, NONE],
    ['of a payload and another', { payload: `${standard}${standard.endsWith('=') ? '' : '===='}AAAA` }, NONE],
    ['of another type', { payloadType: 'application/json' }, NONE],
    ['of its type in capitals', { payloadType: PAYLOAD_TYPE.toUpperCase() }, NONE],
    ['of its type with a space', { payloadType: `${PAYLOAD_TYPE} ` }, NONE],
    ['of its type with a parameter', { payloadType: `${PAYLOAD_TYPE};v=1` }, NONE],
    ['of no type', { payloadType: undefined }, NONE],
    ['with a further field', { payload2: 'AAAA' }, NONE],
    ['with the signature twice', { signatures: [signature, signature] }, SOUND],
    ['with a stranger behind the signature', { signatures: [signature, other] }, BAD],
    ['with a stranger before the signature', { signatures: [other, signature] }, BAD],
    ['with sixteen of one', { signatures: Array(16).fill(signature) }, SOUND],
    ['with seventeen of one', { signatures: Array(17).fill(signature) }, NONE],
    ['with a signature that is no object', { signatures: [signature.sig] }, NONE],
    ['with a signature by itself', { signatures: signature }, NONE],
    ['with a key id that names another key, which is a hint and no more', { signatures: [{ ...signature, keyid: 'other' }] }, SOUND],
    ['with a key id that is a number', { signatures: [{ ...signature, keyid: 7 }] }, NONE],
    ['with a key id past all use', { signatures: [{ ...signature, keyid: 'a'.repeat(1025) }] }, NONE],
    ['with a certificate in the signature', { signatures: [{ ...signature, cert: 'AAAA' }] }, NONE],
  ])('%s', async (_, changes, expected) => {
    expect(await outcome(envelope(changes))).toBe(expected);
  }); // prettier-ignore
  it('signed by two on two curves has two signers, each of whom must be trusted', async () => {
    const both = bundleOf(payload, [keys.privateKey, second.privateKey]).toString();
    expect(await outcome(both, [...trust, trustKey(second.publicKey)])).toBe('2 signers');
    expect(await outcome(both)).toBe(BAD);
    expect(await outcome(both, [trustKey(second.publicKey)])).toBe(BAD);
  });
  it('is one: what is signed is what is read, not another of its name', async () => {
    const swapped = JSON.stringify(statementOf(resourcesOf('b')));
    const two = `"payload":"${Buffer.from(swapped).toString('base64')}","payload":`;
    expect(await outcome(sound.replace('"payload":', two))).toBe(NONE);
    expect(await outcome(sound.replace('"payload":', two.replace('"p', '"\\u0070')))).toBe(NONE);
    expect(await outcome(sound.replace('"payload":', '"\\u0070ayload":'))).toBe(SOUND);
  });
});

describe('JSON', () => {
  const values = (count: number): string => `"tlogEntries":[{"x":[${'0,'.repeat(count)}0]}],"publicKey"`;
  it.each<[string, string, string]>([
    ['with spaces', JSON.stringify(JSON.parse(sound), null, 2), SOUND],
    ['with NaN', sound.replace('"publicKey"', '"tlogEntries":[{"x":NaN}],"publicKey"'), NONE],
    ['with a number past all numbers', sound.replace('"publicKey"', '"tlogEntries":[{"x":1e999}],"publicKey"'), SOUND],
    ['with a comment', sound.replace('{', '{/**/'), NONE],
    ['with another behind it', `${sound}${sound}`, NONE],
    ['with a prototype', sound.replace('"publicKey"', '"__proto__":{},"publicKey"'), NONE],
    ['with a key twice in a signature', sound.replace('"sig":', '"sig":"AAAA","sig":'), NONE],
    ['with a key twice where nobody looks', sound.replace('"publicKey"', '"tlogEntries":[{"x":1,"x":2}],"publicKey"'), NONE],
    ['in a list', `[${sound}]`, NONE],
    ['that is text', JSON.stringify(sound), NONE],
    ['with 90,000 values', sound.replace('"publicKey"', values(90_000)), SOUND],
    ['with 100,000 values', sound.replace('"publicKey"', values(100_000)), NONE],
    ['whose text has 200,000 commas, which are no values', sound.replace('"publicKey"', `"tlogEntries":[{"x":"${'\\",'.repeat(200_000)}"}],"publicKey"`), SOUND],
    ['with text that does not end', `{"mediaType":"${'a'.repeat(1000)}\\"`, NONE],
  ])('%s', async (_, text, expected) => {
    expect(await outcome(text)).toBe(expected);
  }); // prettier-ignore
  it('has two mebibytes beside its payload, which may have more', async () => {
    const long = (bytes: number): string =>
      sound.replace('"publicKey"', `"tlogEntries":[{"x":"${'x'.repeat(bytes)}"}],"publicKey"`);
    expect(await outcome(long(2_000_000))).toBe(SOUND);
    expect(await outcome(long(2_100_000))).toBe(NONE);
    const many = statementOf(
      Array.from({ length: 20_000 }, (_, index) => ({
        name: `${index}`,
        digest: 'ab'.repeat(32),
        algorithm: 'sha256',
      })),
    );
    const large = bundleOf(many, [keys.privateKey]);
    expect(large.length).toBeGreaterThan(2_500_000);
    expect(await outcome(large.toString())).toBe(SOUND);
  });
  it('of a keyless signature with a certificate of megabytes is not taken apart', async () => {
    const rawBytes = Buffer.alloc(3_000_000, Buffer.of(6, 1, 42)).toString('base64');
    const bundle = Buffer.from(JSON.stringify(material({ certificate: { rawBytes }, tlogEntries: [{}] })));
    await expect(verifyBundle(bundle, { trust })).rejects.toMatchObject({ code: NONE });
    const root = JSON.parse(
      '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
    ) as object;
    const whom = { identity: 'a', issuer: 'https://b.example', trustedRoot: root };
    await expect(verifySigstoreBundle(bundle, Buffer.of(), whom)).rejects.toMatchObject({ code: NONE });
  });
  it('of millions of objects is refused before one of them is made', async () => {
    const bomb = Buffer.from(`[${'{},'.repeat(2_000_000)}{}]`);
    await expect(verifyBundle(bomb, { trust })).rejects.toMatchObject({
      code: NONE,
      cause: { message: 'more than 100000 values' },
    });
  });
});
