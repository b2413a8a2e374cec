import { hash } from 'node:crypto';
import { defineInputSpec } from './spec.ts';
import type { InputSpec } from './spec.ts';

/**
 * Keys that came after the first release, with their defaults. At its default such a key is left out of what is hashed,
 * so that a spec written before it keeps the hash under which its results were filed.
 */
const LATER_KEYS = { colour: { depth16: 'reduce' } } as const;

const hashes = new WeakMap<InputSpec, string>();

/**
 * Names a spec by its content: SHA-256 in hex over canonical JSON, so the order of keys does not matter.
 * Two specs with the same hash turn the same bytes into the same tensor.
 *
 * Defaults are part of it, written out or not, but for keys that a later release has added: at their default
 * (`colour.depth16: 'reduce'`) they are left out, so that the hash of an unchanged spec stays the same.
 *
 * @throws {SanitizeError} `ERR_INPUT_SPEC` for what is no spec.
 * @see RFC 8785 (JSON Canonicalization Scheme), of which plain numbers, ASCII keys and sorted keys are used
 */
export function specHash(spec: InputSpec): string {
  // What can still change has no lasting name: it is parsed, and hashed, anew each time.
  const fixed = defineInputSpec(spec);
  const known = hashes.get(fixed);
  if (known !== undefined) return known;
  const computed = canonicalHash(withoutLaterDefaults(fixed));
  hashes.set(fixed, computed);
  return computed;
}

/** SHA-256 in hex over the canonical JSON of plain data. */
function canonicalHash(value: unknown): string {
  return hash('sha256', JSON.stringify(sortKeys(value)));
}

function withoutLaterDefaults(spec: InputSpec): unknown {
  const { depth16, ...colour } = spec.colour;
  return depth16 === LATER_KEYS.colour.depth16 ? { ...spec, colour } : spec;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}
