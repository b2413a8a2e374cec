import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../sample-model.fixture.ts';
import { openPolicy, parsePolicy } from './policy.ts';

const key = `sha256:${'a'.repeat(64)}`;
const full = {
  policyVersion: 1,
  sources: [
    {
      host: 'huggingface.co',
      paths: ['/{owner}/{repo}/resolve/{revision}/{file...}'],
      redirects: [{ host: 'cdn-lfs.huggingface.co', paths: ['/{path...}'], query: true }],
      addresses: ['10.0.0.0/8'],
    },
  ],
  packages: ['nsfwjs'],
  licences: ['MIT'],
  formats: ['onnx'],
  provenance: ['signature', 'listing'],
  signers: { default: { threshold: 1, keys: [key] } },
  onnx: { profile: 'strict', requireContract: true },
  revocation: { keys: [key], threshold: 1, graceSeconds: 3600 },
  requireJournal: true,
  limits: { maxFileBytes: 1, maxModelBytes: 2 },
};
const malformed = expect.objectContaining({ code: 'ERR_MODEL_POLICY' }) as unknown;

describe('parsePolicy', () => {
  it('takes all that a policy can say, and nothing at all', () => {
    expect(parsePolicy(JSON.stringify(full))).toEqual(full);
    expect(parsePolicy('{"policyVersion":1}')).toEqual({ policyVersion: 1 });
  });

  it.each([
    ['an unknown key', { ...full, allowAll: true }],
    ['a later version', { ...full, policyVersion: 2 }],
    ['a wildcard host', { ...full, sources: [{ host: '*.co', paths: ['/{a...}'] }] }],
    ['an address as host', { ...full, sources: [{ host: '10.0.0.1', paths: ['/{a...}'] }] }],
    ['a source without a path', { ...full, sources: [{ host: 'a.co', paths: [] }] }],
    ['a wildcard path', { ...full, sources: [{ host: 'a.co', paths: ['/*'] }] }],
    ['a subnet that is none', { ...full, sources: [{ host: 'a.co', paths: ['/a'], addresses: ['10/8'] }] }],
    ['a signer threshold out of reach', { ...full, signers: { default: { threshold: 2, keys: [key] } } }],
    ['a list threshold out of reach', { ...full, revocation: { keys: [key, key], threshold: 2 } }],
    ['no format', { ...full, formats: [] }],
    ['a negative grace', { ...full, revocation: { keys: [key], graceSeconds: -1 } }],
  ])('refuses %s', (_, policy) => {
    expect(() => parsePolicy(JSON.stringify(policy))).toThrow(malformed);
  });

  it('refuses a key given twice and what is not JSON', () => {
    expect(() => parsePolicy('{"policyVersion":1,"policyVersion":1}')).toThrow(malformed);
    expect(() => parsePolicy('policyVersion: 1')).toThrow(malformed);
  });
});

describe('openPolicy', () => {
  it('reads a plain file, refuses a link and one that is missing', async () => {
    const root = await makeFolder();
    await expect(openPolicy(join(root, 'policy.json'))).rejects.toMatchObject({ code: 'ERR_MODEL_POLICY' });
    await writeFile(join(root, 'real.json'), JSON.stringify(full));
    await expect(openPolicy(join(root, 'real.json'))).resolves.toEqual(full);
    await symlink('real.json', join(root, 'policy.json'));
    await expect(openPolicy(join(root, 'policy.json'))).rejects.toMatchObject({ code: 'ERR_MODEL_POLICY' });
  });
});
