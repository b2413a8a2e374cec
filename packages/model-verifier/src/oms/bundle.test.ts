import { describe, expect, it } from 'vitest';
import { makeKeys } from './__fixtures__/certificate-authority.ts';
import { bundleOf, resourcesOf, statementOf } from './__fixtures__/signed-model.ts';
import { parseBundle } from './bundle.ts';

const { privateKey } = makeKeys();
const sound = bundleOf(statementOf(resourcesOf('a')), [privateKey]);
const json = JSON.parse(sound.toString()) as {
  verificationMaterial: Record<string, unknown>;
  dsseEnvelope: { signatures: unknown[] };
};
const changed = (changes: object): Buffer => Buffer.from(JSON.stringify({ ...json, ...changes }));
const refused = (bytes: Uint8Array): void => {
  expect(() => parseBundle(bytes)).toThrow(expect.objectContaining({ code: 'ERR_MODEL_BUNDLE' }) as Error);
};

it('parses a sound bundle', () => {
  expect(parseBundle(sound)).toMatchObject({ material: { method: 'key' } });
});

it.each([[undefined], [''], [null]])('accepts the key id %o', (keyid) => {
  const signatures = [{ sig: 'AAAA', keyid }];
  const bundle = parseBundle(changed({ dsseEnvelope: { ...json.dsseEnvelope, signatures } }));
  expect(bundle.signatures).toEqual([Buffer.alloc(3)]);
});

it('accepts the other spelling of the media type', () => {
  const bundle = parseBundle(changed({ mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.3' }));
  expect(bundle.signatures).toHaveLength(1);
});

it('accepts a key by value in place of a hint', () => {
  const publicKey = {
    rawBytes: Buffer.from('key').toString('base64'),
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
  };
  const { material } = parseBundle(changed({ verificationMaterial: { publicKey } }));
  expect(material).toEqual({ method: 'key', rawBytes: Buffer.from('key') });
});

describe('refuses', () => {
  const { dsseEnvelope: envelope } = json;
  it.each([
    ['another version', { mediaType: 'application/vnd.dev.sigstore.bundle.v0.1+json' }],
    ['a later version', { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+jsonx' }],
    ['another payload type', { dsseEnvelope: { ...envelope, payloadType: 'application/octet-stream' } }],
    ['no signature', { dsseEnvelope: { ...envelope, signatures: [] } }],
    ['17 signatures', { dsseEnvelope: { ...envelope, signatures: Array(17).fill({ sig: 'AAAA' }) } }],
    ['an empty signature', { dsseEnvelope: { ...envelope, signatures: [{ sig: '' }] } }],
    ['a signature that is not base64', { dsseEnvelope: { ...envelope, signatures: [{ sig: 'A*==' }] } }],
    ['an empty payload', { dsseEnvelope: { ...envelope, payload: '' } }],
    ['no envelope', { dsseEnvelope: undefined }],
    ['a message signature', { messageSignature: {} }],
    ['no material', { verificationMaterial: undefined }],
    ['empty material', { verificationMaterial: {} }],
    ['a key without a name', { verificationMaterial: { publicKey: {} } }],
    [
      'two kinds of material',
      { verificationMaterial: { publicKey: { hint: 'a' }, certificate: { rawBytes: 'AAAA' } } },
    ],
    ['an empty chain', { verificationMaterial: { x509CertificateChain: { certificates: [] } } }],
    [
      'a keyless signature without a log entry',
      { verificationMaterial: { certificate: { rawBytes: 'AAAA' } } },
    ],
    [
      'the same with an empty log',
      { verificationMaterial: { certificate: { rawBytes: 'AAAA' }, tlogEntries: [] } },
    ],
  ])('%s', (_, changes) => {
    refused(changed(changes));
  });

  it('nothing at all', () => {
    refused(Buffer.of());
  });
  it('what is cut', () => {
    refused(sound.subarray(0, 100));
  });
  it('a key given twice', () => {
    refused(Buffer.from(sound.toString().replace('{', '{"mediaType":"x",')));
  });
  it('bytes that are not UTF-8', () => {
    refused(Buffer.concat([sound, Buffer.of(0xff)]));
  });
  it('deep nesting', () => {
    refused(Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}`));
  });
  it('more than 64 MiB', () => {
    refused(Buffer.alloc(64 * 1024 * 1024 + 1, ' '));
  });
});
