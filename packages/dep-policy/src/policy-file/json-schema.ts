import { z } from 'zod';
import { policyFileSchema } from './policy-schema.ts';

/** The policy file's format as JSON Schema, draft 2020-12. The file in the package is exactly this. */
export function policyJsonSchema(): object {
  return {
    ...z.toJSONSchema(policyFileSchema, { io: 'input' }),
    title: 'dep-policy',
  };
}
