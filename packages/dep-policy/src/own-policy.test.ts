import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkLocks } from './check-locks.ts';
import { readPolicyFile } from './policy-file/policy-file.ts';

it('holds for this repository itself', async () => {
  const root = join(import.meta.dirname, '../../..');
  const loaded = await readPolicyFile(root);
  if (loaded === undefined) throw new Error('expected a policy file in the root of the repository');
  const { policy } = loaded;
  expect(policy.lockfiles).toEqual(['pnpm-lock.yaml']);
  const { violations } = await checkLocks({ root, lockfiles: policy.lockfiles ?? [], policy });
  expect(violations).toEqual([]);
}, 60_000);
