import { createHash } from 'node:crypto';
import type { InputSpec } from './spec.ts';

/**
 * Names a spec by its content: SHA-256 in hex over canonical JSON, so the order of keys does not matter.
 * Two specs with the same hash turn the same bytes into the same tensor.
 *
 * @see RFC 8785 (JSON Canonicalization Scheme), of which plain numbers, ASCII keys and sorted keys are used
 */
export function specHash(spec: InputSpec): string {
  return createHash('sha256')
    .update(JSON.stringify(sortKeys(spec)))
    .digest('hex');
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}
