import { z } from 'zod';
import { ModelError } from '../errors.ts';
import type { CandidateFile, CandidateModel, LockedModel, ModelFileRole } from '../lock/document.ts';
import { checkCommit, encodePath, parseListing } from './listing.ts';

const sha1 = z.string().regex(/^[0-9a-f]{40}$/);
const size = z.int().min(1);

/** `GET /api/models/<repository>/revision/<commit>?blobs=true` */
const revisionListing = z.object({
  sha: z.string(),
  siblings: z
    .array(
      z.object({
        rfilename: z.string().max(1024),
        size: z.optional(z.number()),
        blobId: z.optional(z.string()),
        lfs: z.nullish(z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), size })),
      }),
    )
    .max(100_000),
});

/** What to take out of the listing of a repository on the Hugging Face Hub. */
export interface HuggingFaceImport {
  /** `<owner>/<name>` */
  readonly repository: string;
  /** Commit that is wanted; it must be the listing's own. */
  readonly revision: string;
  /** Files of the repository, by their path in it, and what each is for. */
  readonly files: Readonly<Record<string, ModelFileRole>>;
  /** Top folder below the lock. */
  readonly folder: string;
  /** SPDX expression. */
  readonly licence: string;
  /** Default `https://huggingface.co`. */
  readonly baseUrl?: string;
}

/**
 * Takes files out of the listing of one revision, as `/api/models/<repository>/revision/<commit>?blobs=true` answers it.
 *
 * Files in large file storage have a SHA-256. The others have the id of a git blob, which is SHA-1: with one of those the
 * whole model is a candidate until it was downloaded.
 *
 * @returns A model if every file has a SHA-256, else a candidate.
 * @throws {ModelError} `ERR_MODEL_IMPORT` if the listing is malformed, is of another revision, names a branch, or lacks a
 *   file.
 */
export function importHuggingFace(
  text: string,
  { repository, revision, files, folder, licence, baseUrl = 'https://huggingface.co' }: HuggingFaceImport,
): { readonly model: LockedModel } | { readonly candidate: CandidateModel } {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/.test(repository)) {
    throw new ModelError('ERR_MODEL_IMPORT', 'expected a repository as <owner>/<name>');
  }
  checkCommit(revision);
  const listing = parseListing(text, revisionListing, 'the listing of a revision');
  if (listing.sha !== revision) {
    throw new ModelError('ERR_MODEL_IMPORT', 'the listing is of another revision', {
      expected: revision,
      found: listing.sha.slice(0, 128),
    });
  }
  const base = `${baseUrl}/${repository}/resolve/${revision}`;
  const found = Object.entries(files).map(([name, role]): CandidateFile => {
    const matching = listing.siblings.filter(({ rfilename }) => rfilename === name);
    const [file] = matching;
    if (file === undefined || matching.length > 1) {
      throw new ModelError(
        'ERR_MODEL_IMPORT',
        `expected one file ${JSON.stringify(name)}, found ${matching.length}`,
      );
    }
    const place = { path: `${folder}/${name}`, role, url: `${base}/${encodePath(name)}` };
    if (file.lfs != null) return { ...place, bytes: file.lfs.size, sha256: file.lfs.sha256 };
    const [bytes, digest] = [size.safeParse(file.size).data, sha1.safeParse(file.blobId).data];
    if (bytes === undefined || digest === undefined) {
      throw new ModelError(
        'ERR_MODEL_IMPORT',
        `${name}: expected a size and a blob id; ask with ?blobs=true`,
      );
    }
    return { ...place, bytes, hint: { algorithm: 'git-sha1', digest } };
  });
  const source = { type: 'url', url: `${baseUrl}/${repository}`, revision } as const;
  const strong = found.flatMap(({ path, role, url, bytes, sha256 }) =>
    bytes === undefined || sha256 === undefined ? [] : [{ path, role, url, bytes, sha256 }],
  );
  return strong.length === found.length
    ? { model: { licence, source, files: strong } }
    : { candidate: { licence, source, files: found } };
}
