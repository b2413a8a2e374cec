import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { lockJsonSchema } from './schema.ts';

it('is what models.lock.schema.json publishes', async () => {
  const published: unknown = JSON.parse(
    await readFile(new URL('../../models.lock.schema.json', import.meta.url), 'utf8'),
  );
  expect(published).toEqual(lockJsonSchema());
});

it('lets no unknown key in at any level', () => {
  const objects: unknown[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('properties' in value) objects.push(value);
    Object.values(value).forEach(visit);
  };
  visit(lockJsonSchema());
  expect(objects).toHaveLength(22);
  for (const object of objects) expect(object).toMatchObject({ additionalProperties: false });
});
