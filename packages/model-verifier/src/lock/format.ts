import type { ModelLockDocument } from './document.ts';
import { parseModelLock } from './lock.ts';

/** Keys in the order in which a reader wants them; a key that is missing here follows in its own order. */
const KEY_ORDER = [
  'lockfileVersion',
  'models',
  'candidates',
  'licence',
  'source',
  'type',
  'package',
  'version',
  'integrity',
  'path',
  'derivation',
  'role',
  'url',
  'revision',
  'entry',
  'bytes',
  'sha256',
  'hint',
  'files',
  'signers',
  'threshold',
  'keys',
  'identities',
  'identity',
  'issuer',
  'onnx',
  'opsets',
  'domain',
  'name',
  'dims',
  'inputs',
  'outputs',
  'operators',
  'fingerprint',
  'inputSpec',
  'provenance',
  'addedBy',
  'addedAt',
  'verifiedBy',
  'note',
];
const rank = new Map(KEY_ORDER.map((key, index) => [key, index]));

/** Records whose keys are names, not fields: sorted by code point. */
const NAMED = new Set(['models', 'candidates']);

/**
 * Writes a lock as text in the one canonical form: two spaces, fields in a fixed order, models by name, files in their
 * own order, a final newline. The same content gives the same bytes, so that a diff shows what changed and nothing else.
 *
 * @throws {ModelError} `ERR_MODEL_LOCK`, `_PATH` if the document is not sound: what is written can be read.
 */
export function formatModelLock(document: ModelLockDocument): string {
  const text = `${JSON.stringify(ordered(document), null, 2)}\n`;
  parseModelLock(text);
  return text;
}

function ordered(value: unknown, named = false): unknown {
  if (Array.isArray(value)) return value.map((item) => ordered(item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  entries.sort(([a], [b]) => (named ? 0 : rankOf(a) - rankOf(b)) || (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, ordered(inner, !named && NAMED.has(key))]));
}

function rankOf(key: string): number {
  return rank.get(key) ?? KEY_ORDER.length;
}
