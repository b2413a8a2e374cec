import { ModelError } from './errors.ts';

/** One reason for a refusal. Branch on `code`; the rest is for people and logs. */
export interface Reason {
  /** A `ModelErrorCode`, or the code of an inspector's violation. Stable. */
  readonly code: string;
  /** One sentence: expected and found. */
  readonly message: string;
  /** What it is about: a path of the lock or the signature, a place in a graph, a line of a journal. */
  readonly path?: string;
  /** What was promised, as text: a digest, a size in bytes, an identity. */
  readonly expected?: string;
  /** What was there instead, as text. */
  readonly found?: string;
}

/** The answer of every check: what was decided, why, and what was looked at. Plain JSON. */
export interface Verdict<Evidence = unknown> {
  /** `verified` only when there is no reason against it. */
  readonly verdict: 'verified' | 'refused';
  /** Empty if and only if `verified`. */
  readonly reasons: readonly Reason[];
  /** What was looked at, also for a refusal; `null` where nothing could be. */
  readonly evidence: Evidence;
}

/** The verdict that these reasons add up to. */
export function verdictOf<Evidence>(reasons: readonly Reason[], evidence: Evidence): Verdict<Evidence> {
  return { verdict: reasons.length === 0 ? 'verified' : 'refused', reasons, evidence };
}

/**
 * The reasons inside an error: those it carries, or itself as the one reason.
 *
 * @throws The error itself if it is no `ModelError`: a fault of the program is no verdict.
 */
export function reasonsOf(error: unknown): readonly Reason[] {
  if (!(error instanceof ModelError)) throw error;
  if (error.reasons !== undefined && error.reasons.length > 0) return error.reasons;
  const { code, message, path, expected, found } = error;
  return [
    {
      code,
      message,
      ...(path !== undefined && { path }),
      ...(expected !== undefined && { expected }),
      ...(found !== undefined && { found }),
    },
  ];
}
