import { createHash } from 'node:crypto';
import { isObject } from '../json-value.ts';

/** SHA-256 (hex) over a record without its own hash, the members of every object in the order of their names. */
export function hashRecord(record: Readonly<Record<string, unknown>>): string {
  const members = Object.fromEntries(Object.entries(record).filter(([key]) => key !== 'hash'));
  return createHash('sha256')
    .update(JSON.stringify(ordered(members)))
    .digest('hex');
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([, inner]) => inner !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return members.map(([key, inner]) => [key, ordered(inner)]);
}
