import { z } from 'zod';
import { ledgerEntrySchema } from './ledger/ledger-entry.ts';
import { policyFileSchema } from './policy-file/policy-schema.ts';
import { knownReleasesSchema } from './registry-data/known-releases.ts';
import { updateRecordSchema } from './updates/update-record.ts';

/**
 * The formats that people write and other programs read, as JSON Schemas (draft 2020-12), by the name of the file in the
 * package's `schema` folder, which is exactly this. Of the ledger and the history of updates it is one line.
 */
export function jsonSchemas(): Readonly<Record<string, object>> {
  const formats = {
    'dep-policy': policyFileSchema,
    'dep-policy.ledger': ledgerEntrySchema,
    'dep-policy.updates': updateRecordSchema,
    'dep-policy.releases': knownReleasesSchema,
  };
  return Object.fromEntries(
    Object.entries(formats).map(([title, schema]) => [
      `${title}.schema.json`,
      { ...z.toJSONSchema(schema, { io: 'input' }), title },
    ]),
  );
}
