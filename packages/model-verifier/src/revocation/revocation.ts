import { createHash } from 'node:crypto';
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ModelError } from '../errors.ts';
import { readOnce } from '../regular-file.ts';
import type { Reason } from '../verdict.ts';
import { verifyRevocationList, type Key } from './envelope.ts';
import type { RevocationDocument, RevocationEntry } from './list.ts';
import { rememberVersion } from './seen.ts';

/** Bytes in one signed list: some hundred thousand entries. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;
/** How far the clock of a signer may be ahead, in milliseconds. */
const CLOCK_SKEW_MS = 5 * 60 * 1000;

/** The numbers and the date that decide; the keys are read where they are used. */
const optionsSchema = z.object({
  threshold: z.int().min(1).optional(),
  graceSeconds: z.int().min(0).default(0),
  minimumVersion: z.int().min(1).default(1),
  at: z.date().optional(),
});

/** How a list is opened. */
export interface RevocationOptions {
  /** Public keys that may sign it: PEM, DER or `KeyObject`. */
  readonly keys: readonly Key[];
  /** Different keys that must have signed it. Default 1. */
  readonly threshold?: number;
  /** Seconds after its expiry for which it is still good. Default 0. */
  readonly graceSeconds?: number;
  /** File that remembers the newest version seen, against rollback. Default: none is kept, only `minimumVersion` helps. */
  readonly statePath?: string;
  /** Oldest version that is good, whatever the state file says. Default 1. */
  readonly minimumVersion?: number;
  /** The time to judge expiry by. Default: now. */
  readonly at?: Date;
}

/** A list that is signed, fresh and not older than one seen before. */
export interface RevocationList {
  /** What it says. */
  readonly document: RevocationDocument;
  /** `sha256:<hex>` of the signed file. */
  readonly digest: string;
  /** `sha256:<hex>` of each trusted key that signed it. */
  readonly signers: readonly string[];
  /** Seconds after its expiry for which it is still good, as it was opened. A policy's own rule wins. */
  readonly graceSeconds?: number;
}

/** What may be revoked about a model. */
export interface RevocationSubject {
  /** `sha256:<hex>` of every file, and the root digest. */
  readonly digests: readonly string[];
  /** Who signed it: `id` is `sha256:<hex>` of a key. */
  readonly signers?: readonly {
    readonly id: string;
    readonly identity?: string;
    readonly issuer?: string;
  }[];
}

/**
 * Opens a signed revocation list. Offline.
 *
 * @param path - A regular file of at most 64 MiB, neither a symbolic link nor one of several hard links.
 * @throws {ModelError} `ERR_MODEL_REVOCATION`, `ERR_MODEL_EXPIRED`, `ERR_MODEL_ROLLBACK`, `ERR_MODEL_KEY`, `ERR_MODEL_BUSY`,
 *   `ERR_MODEL_OPTIONS`.
 */
export async function openRevocationList(path: string, options: RevocationOptions): Promise<RevocationList> {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) {
    throw new ModelError('ERR_MODEL_OPTIONS', `options: ${z.prettifyError(parsed.error)}`);
  }
  const { graceSeconds, minimumVersion } = parsed.data;
  const absolute = resolve(path);
  const { data, sha256 } = await readOnce(dirname(absolute), basename(absolute), {
    maxBytes: MAX_LIST_BYTES,
  }).catch((cause: unknown) => {
    const why = cause instanceof ModelError ? `: ${cause.message}` : '';
    throw new ModelError('ERR_MODEL_UNREADABLE', `the revocation list could not be read${why}`, { cause });
  });
  const { document, signers } = verifyRevocationList(
    Buffer.from(data).toString(),
    options.keys,
    options.threshold,
  );
  const { name, version } = document;
  checkFreshness(document, graceSeconds, options.at);
  if (version < minimumVersion) {
    throw new ModelError(
      'ERR_MODEL_ROLLBACK',
      `${name}: expected version ${minimumVersion} or later, found ${version}`,
      {
        expected: String(minimumVersion),
        found: String(version),
      },
    );
  }
  if (options.statePath !== undefined) {
    // The content, not the envelope: another signature over the same list is the same list.
    const digest = createHash('sha256').update(JSON.stringify(document)).digest('hex');
    await rememberVersion(options.statePath, { name, version, digest: `sha256:${digest}` });
  }
  return Object.freeze({ document, digest: `sha256:${sha256.toString('hex')}`, signers, graceSeconds });
}

/**
 * Makes sure that a list is still good: a process may keep one for longer than it lasts.
 *
 * @throws {ModelError} `ERR_MODEL_EXPIRED`; `ERR_MODEL_REVOCATION` if it was issued in the future.
 */
export function checkFreshness(
  { name, issuedAt, expiresAt }: RevocationDocument,
  graceSeconds = 0,
  at: Date = new Date(),
): void {
  // Asked so that what is no number at all is refused.
  if (!(Date.parse(issuedAt) <= at.getTime() + CLOCK_SKEW_MS)) {
    throw new ModelError(
      'ERR_MODEL_REVOCATION',
      `${name}: expected a list issued by now, found ${issuedAt}`,
      {
        found: issuedAt,
      },
    );
  }
  if (!(at.getTime() < Date.parse(expiresAt) + graceSeconds * 1000)) {
    throw new ModelError(
      'ERR_MODEL_EXPIRED',
      `${name}: expected a list that is good now, found one until ${expiresAt}`,
      {
        expected: `good at ${at.toISOString()}`,
        found: expiresAt,
      },
    );
  }
}

/**
 * Looks for everything about a model that a list revokes.
 *
 * @returns One reason for each entry that fits, with `ERR_MODEL_REVOKED`; empty if nothing is revoked.
 */
export function findRevoked(
  { document }: RevocationList,
  { digests, signers = [] }: RevocationSubject,
): readonly Reason[] {
  const bytes = new Set(digests);
  return document.entries.flatMap((entry): Reason[] => {
    const fits =
      entry.type === 'digest'
        ? bytes.has(entry.digest)
        : signers.some((signer) =>
            entry.type === 'key'
              ? signer.id === entry.key
              : signer.identity === entry.identity && signer.issuer === entry.issuer,
          );
    return fits ? [revoked(entry)] : [];
  });
}

function revoked(entry: RevocationEntry): Reason {
  const found =
    entry.type === 'digest'
      ? entry.digest
      : entry.type === 'key'
        ? entry.key
        : `${entry.identity} (${entry.issuer})`;
  return {
    code: 'ERR_MODEL_REVOKED',
    message: `the ${entry.type} was revoked on ${entry.revokedAt}: ${entry.reason}`,
    found,
  };
}
