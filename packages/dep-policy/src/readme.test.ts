import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RULES } from './violation.ts';

it('describes every rule, and no other', async () => {
  const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
  const table = readme.slice(readme.indexOf('| Rule '), readme.indexOf('### `scanDependencies'));
  const described = [...table.matchAll(/^\| `([a-z-]+)`/gm)].map(([, rule]) => rule);
  expect(described).toEqual([...RULES]);
});
