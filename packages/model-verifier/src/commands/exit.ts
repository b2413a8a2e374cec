import type { ModelErrorCode } from '../errors.ts';

/** Exit statuses of `model-verifier`; 64 and 70 are those of sysexits.h. */
export const EXIT = { verified: 0, refused: 1, malformed: 2, usage: 64, internal: 70 } as const;

/** A command line that asks for something that cannot be done. The message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Codes that say: this could not be read, or is not what it claims to be. The rest say: this was read, and refused. */
const MALFORMED: ReadonlySet<string> = new Set<ModelErrorCode>([
  'ERR_MODEL_LOCK',
  'ERR_MODEL_PATH',
  'ERR_MODEL_UNREADABLE',
  'ERR_MODEL_POLICY',
  'ERR_MODEL_REVOCATION_FORMAT',
  'ERR_MODEL_IMPORT',
  'ERR_MODEL_BUNDLE',
  'ERR_MODEL_STATEMENT',
  'ERR_MODEL_KEY',
  'ERR_MODEL_UNSUPPORTED',
  'ERR_MODEL_FORMAT',
  'ERR_MODEL_AMBIGUOUS',
  'ERR_MODEL_LIMIT',
]);

/** The status that an error or a reason ends a command with. */
export function exitOf({ code }: { readonly code: string }): number {
  return MALFORMED.has(code) ? EXIT.malformed : EXIT.refused;
}
