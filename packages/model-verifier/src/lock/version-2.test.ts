import { describe, expect, it } from 'vitest';
import { lockedFile, lockedModel, source } from '../sample-model.fixture.ts';
import { parseModelLock } from './lock.ts';

const file = lockedFile('faces/model.onnx', 'model', Buffer.from('graph'));
const key = `sha256:${'a'.repeat(64)}`;
const signers = { threshold: 1, keys: [key] };
const provenance = {
  addedBy: 'Ada',
  addedAt: '2026-11-23T03:00:00.000Z',
  verifiedBy: 'listing',
  note: 'from the hub',
};
const onnx = {
  opsets: [{ domain: 'ai.onnx', version: 17 }],
  inputs: [{ name: 'x', type: 'float32', dims: [1, 'height', null] }],
  outputs: [{ name: 'y', type: 'float32', dims: null }],
  operators: ['Conv'],
  fingerprint: key,
};
const url = 'https://example.com/m.onnx';
const candidate = {
  licence: 'MIT',
  source: { type: 'url', url, revision: 'r1' },
  files: [
    {
      path: 'old/m.params',
      role: 'model',
      url,
      hint: { algorithm: 'sha1', digest: 'b'.repeat(40) },
      entry: 'm.params',
    },
  ],
};
const parse =
  (models: unknown, candidates?: unknown, lockfileVersion = 2) =>
  (): unknown =>
    parseModelLock(
      JSON.stringify({ lockfileVersion, models, ...(candidates !== undefined && { candidates }) }),
    );
const faces = (more: object): unknown => ({ faces: { ...lockedModel([file]), ...more } });
const malformed = expect.objectContaining({ code: 'ERR_MODEL_LOCK' }) as unknown;

describe('version 2', () => {
  it('takes signers, contract, input spec, provenance and the URL of a file', () => {
    const full = faces({ signers, onnx, inputSpec: key, provenance, files: [{ ...file, url }] });
    expect(parse(full)()).toEqual({ lockfileVersion: 2, models: full });
  });

  it.each([
    ['signers', { signers }],
    ['a contract', { onnx }],
    ['provenance', { provenance }],
    ['a signature file', { files: [file, { ...file, path: 'faces/model.sig', role: 'signature' }] }],
  ])('is needed for %s: version 1 refuses it', (_, more) => {
    expect(parse(faces(more))).not.toThrow();
    expect(parse(faces(more), undefined, 1)).toThrow(malformed);
  });

  it.each([
    ['a threshold of none', { signers: { ...signers, threshold: 0 } }],
    ['a threshold that the signers cannot reach', { signers: { ...signers, threshold: 2 } }],
    ['a key twice, which would count twice', { signers: { threshold: 2, keys: [key, key] } }],
    [
      'an identity twice',
      {
        signers: {
          threshold: 2,
          identities: [
            { identity: 'a@example.com', issuer: 'https://example.com' },
            { issuer: 'https://example.com', identity: 'a@example.com' },
          ],
        },
      },
    ],
    ['a key by a prefix', { signers: { threshold: 1, keys: [key.slice(0, 40)] } }],
    ['an unknown way of verifying', { provenance: { ...provenance, verifiedBy: 'trust-me' } }],
    ['a note that forges a line', { provenance: { ...provenance, note: 'a\nb' } }],
    ['a time without zone', { provenance: { ...provenance, addedAt: '2026-11-23T03:00:00' } }],
    ['an operator set of version 0', { onnx: { ...onnx, opsets: [{ domain: 'ai.onnx', version: 0 }] } }],
    ['a fingerprint by another hash', { onnx: { ...onnx, fingerprint: `sha1:${'a'.repeat(40)}` } }],
    ['a file URL without https', { files: [{ ...file, url: 'http://example.com/m.onnx' }] }],
  ])('refuses %s', (_, more) => {
    expect(parse(faces(more))).toThrow(malformed);
  });

  it('takes a file of 1 TiB and refuses one byte more', () => {
    expect(parse(faces({ files: [{ ...file, bytes: 1024 ** 4 }] }))).not.toThrow();
    expect(parse(faces({ files: [{ ...file, bytes: 1024 ** 4 + 1 }] }))).toThrow(malformed);
  });

  it('refuses a path that is a file here and a folder there', () => {
    const inner = { ...file, path: 'faces/model.onnx/data.bin', role: 'external-data' };
    expect(parse(faces({ files: [file, inner] }))).toThrow(
      expect.objectContaining({ code: 'ERR_MODEL_PATH' }),
    );
  });

  it('refuses a top folder that starts with a dot, where downloads wait', () => {
    expect(parse(faces({ files: [{ ...file, path: '.quarantine/m.onnx' }] }))).toThrow(
      expect.objectContaining({ code: 'ERR_MODEL_PATH' }),
    );
  });
});

describe('a candidate', () => {
  it('is known by a weak digest', () => {
    expect(parse({}, { old: candidate })).not.toThrow();
  });

  it.each([
    ['a prefix of a digest', { hint: { algorithm: 'sha1', digest: 'b'.repeat(8) } }],
    ['an empty digest', { hint: { algorithm: 'sha1', digest: '' } }],
    ['another algorithm', { hint: { algorithm: 'md5', digest: 'b'.repeat(32) } }],
  ])('is refused with %s', (_, more) => {
    const files = [{ ...candidate.files[0], ...more }];
    expect(parse({}, { old: { ...candidate, files } })).toThrow(malformed);
  });

  it('is refused where a model has its name, with npm as its source, and in version 1', () => {
    expect(parse({ old: lockedModel([file]) }, { old: candidate })).toThrow(malformed);
    expect(parse({}, { old: { ...candidate, source } })).toThrow(malformed);
    expect(parse({}, { old: candidate }, 1)).toThrow(malformed);
  });

  it('must not claim the file of a model', () => {
    const files = [{ ...candidate.files[0], path: file.path }];
    expect(parse({ faces: lockedModel([file]) }, { old: { ...candidate, files } })).toThrow(
      expect.objectContaining({ code: 'ERR_MODEL_PATH' }),
    );
  });
});
