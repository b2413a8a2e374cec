import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkLocks } from './check-locks.ts';
import { policyFileSchema } from './policy-file/policy-schema.ts';

it('holds for this repository itself', async () => {
  const { violations } = await checkLocks({
    root: join(import.meta.dirname, '../../..'),
    lockfiles: ['pnpm-lock.yaml'],
    policy: policyFileSchema.parse({ version: 1, cooldown: { days: 1 }, installScripts: ['nx'] }),
  });
  expect(violations).toEqual([]);
}, 60_000);
