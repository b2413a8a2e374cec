import type { Reason } from '../verdict.ts';
import { differentSigners } from './different-signers.ts';
import type { Signer } from './trust.ts';

/** A signature that counts, and what it covers. */
export interface Coverage {
  readonly signers: readonly Signer[];
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Whether it could not list an empty file: shards cannot. */
  readonly isWithoutEmptyFiles: boolean;
}

/**
 * The files that fewer different signers vouch for than were asked for. A threshold is met for each file or not at all:
 * a signer who left a file out, or signed before it was there, does not vouch for it.
 *
 * @param isExempt - Whether a file may be there unsigned.
 */
export function findUncovered(
  coverages: readonly Coverage[],
  threshold: number,
  isExempt: (path: string) => boolean,
): Reason[] {
  const sizes = new Map(coverages.flatMap(({ files }) => files.map(({ path, bytes }) => [path, bytes])));
  // A model of one file may be signed under two names: its own and this.
  if (sizes.has('.')) return [];
  const listed = coverages.map(({ files }) => new Set(files.map(({ path }) => path)));
  return [...sizes].flatMap(([path, bytes]): Reason[] => {
    const covering = coverages.filter(
      ({ isWithoutEmptyFiles }, index) => listed[index]!.has(path) || (isWithoutEmptyFiles && bytes === 0),
    );
    if (covering.length === coverages.length || isExempt(path)) return [];
    const found = differentSigners(covering.flatMap(({ signers }) => signers)).length;
    if (found >= threshold) return [];
    const message = 'too few different signers vouch for the file';
    return [{ code: 'ERR_MODEL_SIGNER', message, path, expected: String(threshold), found: String(found) }];
  });
}
