import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { jsonSchemas } from './json-schemas.ts';
import { ledgerEntrySchema } from './ledger/ledger-entry.ts';
import { knownReleasesSchema } from './registry-data/known-releases.ts';
import { updateRecordSchema } from './updates/update-record.ts';

const FOLDER = join(import.meta.dirname, '../schema');

it('are in the package as files, and no others are', async () => {
  const schemas = jsonSchemas();
  expect((await readdir(FOLDER)).sort()).toEqual(Object.keys(schemas).sort());
  for (const [name, schema] of Object.entries(schemas)) {
    expect(JSON.parse(await readFile(join(FOLDER, name), 'utf8'))).toEqual(schema);
  }
});

const HASH = 'a'.repeat(64);

const LEDGER_ENTRY = {
  sequence: 1,
  time: '2026-01-01T00:00:00Z',
  event: 'accepted',
  item: 'GHSA-1:pkg:npm/left',
  ecosystem: 'npm',
  package: 'left',
  ids: ['GHSA-1'],
  rating: 'high',
  actor: 'ops',
  until: '2026-03-31',
  previous: HASH,
  hash: HASH,
};
const UPDATE_RECORD = {
  sequence: 1,
  time: '2026-01-01T00:00:00Z',
  reason: 'security: GHSA-1',
  changes: [{ package: 'left', ecosystem: 'npm', from: '1.0.0', to: '1.5.0' }],
  locks: [{ file: 'package-lock.json', before: HASH, after: HASH }],
  tests: { command: ['npm', 'test'], status: null, seconds: 1.5, outputSha256: HASH },
  result: 'green',
  refusals: [],
  approver: 'ops',
  previous: HASH,
  hash: HASH,
};
const RELEASES = { npm: { left: [{ version: '1.0.0', published: '2026-01-01T00:00:00Z' }] }, PyPI: {} };

describe.each([
  ['dep-policy.ledger.schema.json', ledgerEntrySchema, LEDGER_ENTRY],
  ['dep-policy.updates.schema.json', updateRecordSchema, UPDATE_RECORD],
  ['dep-policy.releases.schema.json', knownReleasesSchema, RELEASES],
] as const)('%s', (name, schema: z.ZodType, document) => {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(jsonSchemas()[name]!);

  it('takes what the program takes', () => {
    expect(schema.safeParse(document).success).toBe(true);
    expect(validate(document)).toBe(true);
  });

  it('refuses what the program refuses: a key that nobody knows, and another kind of document', () => {
    const [first] = Object.keys(document);
    const others = [{ ...document, more: 1 }, { ...document, [first!]: 'another' }, [], null];
    for (const other of others) {
      expect(schema.safeParse(other).success).toBe(false);
      expect(validate(other)).toBe(false);
    }
  });
});
