import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { parsePolicy, policyJsonSchema } from './policy.ts';

const validate = new Ajv2020({ strict: false }).compile(policyJsonSchema());
const key = `sha256:${'a'.repeat(64)}`;

function isParsed(policy: unknown): boolean {
  try {
    parsePolicy(JSON.stringify(policy));
    return true;
  } catch {
    return false;
  }
}

it('is what policy.schema.json publishes', async () => {
  const text = await readFile(new URL('../../policy.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(text)).toEqual(policyJsonSchema());
});

it.each([
  [true, {}],
  [
    true,
    { sources: [{ host: 'models.example', paths: ['/{file}'], redirects: [], addresses: ['10.0.0.0/8'] }] },
  ],
  [true, { signers: { default: { threshold: 1, keys: [key] } } }],
  [true, { revocation: { keys: [key], threshold: 1, graceSeconds: 0 }, requireJournal: true }],
  [true, { formats: ['onnx'], provenance: ['signature'], limits: { maxFileBytes: 1 } }],
  [false, { policyVersion: 2 }],
  [false, { extra: 1 }],
  [false, { formats: ['.onnx'] }],
  [false, { formats: [] }],
  [false, { revocation: { keys: [] } }],
  [false, { revocation: { keys: ['sha1:00'] } }],
  [false, { limits: { maxFileBytes: 0 } }],
  [false, { sources: [{ host: 'models.example', paths: [] }] }],
  [false, { provenance: ['hearsay'] }],
  [false, { signers: { default: { signers: 'anybody' } } }],
])('says %s of what a reader says %j', (isGood, parts) => {
  const policy = { policyVersion: 1, ...parts };
  expect([validate(policy), isParsed(policy)]).toEqual([isGood, isGood]);
});

it('lets no unknown key in at any level', () => {
  const objects: unknown[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('properties' in value) objects.push(value);
    Object.values(value).forEach(visit);
  };
  visit(policyJsonSchema());
  expect(objects.length).toBeGreaterThan(6);
  for (const object of objects) expect(object).toMatchObject({ additionalProperties: false });
});
