import { constants } from 'node:fs';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { ModelError, systemCode } from '../errors.ts';
import { Extraction, tooMuch, type ExtractedFile } from './extraction.ts';
import { DEFAULT_ARCHIVE_LIMITS, type ArchiveLimits } from './limits.ts';
import { readRange, unpack } from './packed.ts';
import { extractTar } from './tar.ts';
import { extractZip } from './zip.ts';

/** How an archive is extracted. */
export interface ExtractOptions {
  /** Limits that win over the default ones. */
  readonly limits?: Partial<ArchiveLimits>;
}

/** What came out of an archive. */
export interface ExtractedArchive {
  readonly format: 'zip' | 'tar' | 'tar.gz';
  /** In the order of the archive. */
  readonly files: readonly ExtractedFile[];
  readonly bytes: number;
}

/** Bytes that any archive may come to, whatever it was compressed from: the zeros that end a tar are many. */
const RATIO_FREE_BYTES = 1024 * 1024;

const limitsSchema = z.strictObject({
  maxEntries: z.number().nonnegative(),
  maxFileBytes: z.number().nonnegative(),
  maxTotalBytes: z.number().nonnegative(),
  maxRatio: z.number().nonnegative(),
} satisfies Record<keyof ArchiveLimits, unknown>);

/**
 * Extracts a zip, tar or gzipped tar archive of a stranger into a new folder: plain files and folders below it, one
 * spelling each, inside the limits, and only if every program would find the same in it. Links, devices, encrypted,
 * sparse and zip64 entries are refused. Archives inside the archive are files like others.
 *
 * @param path - The archive: a regular file.
 * @param target - Folder to make; its parent must be there. It is gone again if the archive is refused.
 * @throws {ModelError} `ERR_MODEL_FORMAT`, `_AMBIGUOUS`, `_PATH`, `_LINK`, `_LIMIT`, `_UNREADABLE`, `_OPTIONS`
 */
export async function extractArchive(
  path: string,
  target: string,
  { limits: given = {} }: ExtractOptions = {},
): Promise<ExtractedArchive> {
  const parsed = limitsSchema.partial().safeParse(given);
  if (!parsed.success) throw new ModelError('ERR_MODEL_OPTIONS', `limits: ${z.prettifyError(parsed.error)}`);
  const limits = { ...DEFAULT_ARCHIVE_LIMITS, ...parsed.data } as ArchiveLimits;
  let isMade = false;
  try {
    await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) throw new ModelError('ERR_MODEL_LINK', 'archive: expected a regular file');
    const format = await sniff(handle);
    await mkdir(target);
    isMade = true;
    const extraction = new Extraction(target, stats.size, limits);
    if (format === 'zip') await extractZip(handle, stats.size, limits, extraction);
    else await extractTar(readTar(handle, format, stats.size, limits), extraction);
    const { files } = extraction;
    return { format, files, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
  } catch (error) {
    if (isMade) await rm(target, { recursive: true, force: true });
    throw toArchiveError(error);
  }
}

async function sniff(handle: FileHandle): Promise<ExtractedArchive['format']> {
  const head = Buffer.alloc(512);
  await handle.read(head, 0, 512, 0);
  const start = head.toString('latin1', 0, 4);
  if (start === 'PK\x03\x04' || start === 'PK\x05\x06') return 'zip';
  if (start.startsWith('\x1f\x8b')) return 'tar.gz';
  if (head.toString('latin1', 257, 262) === 'ustar') return 'tar';
  throw new ModelError('ERR_MODEL_FORMAT', 'expected a zip, tar or tar.gz archive, found something else');
}

/** The bytes of a tar, unpacked as they are asked for; far more out than in is refused on the way. */
async function* readTar(
  handle: FileHandle,
  format: 'tar' | 'tar.gz',
  archiveBytes: number,
  limits: ArchiveLimits,
): AsyncGenerator<Uint8Array, void> {
  const archive = readRange(handle, 0, archiveBytes);
  if (format === 'tar') {
    yield* archive;
    return;
  }
  let bytes = 0;
  for await (const chunk of unpack(archive, archiveBytes, createGunzip())) {
    bytes += chunk.length;
    if (bytes > RATIO_FREE_BYTES && bytes > archiveBytes * limits.maxRatio) {
      throw tooMuch('bytes out for each byte in', limits.maxRatio);
    }
    yield chunk;
  }
}

function toArchiveError(error: unknown): ModelError {
  if (error instanceof ModelError) return error;
  const code = systemCode(error);
  switch (code) {
    case 'EEXIST':
      return new ModelError('ERR_MODEL_PATH', 'archive: expected a target that is not there yet', {
        cause: error,
      });
    case 'ENOENT':
      return new ModelError('ERR_MODEL_MISSING', 'archive: not found, or no folder for its target', {
        cause: error,
      });
    case 'ELOOP':
      return new ModelError('ERR_MODEL_LINK', 'archive: expected a regular file, found a link', {
        cause: error,
      });
    default:
      // System errors carry a number; what zlib and the zip reader throw is about the content.
      return error instanceof Error && 'errno' in error && 'syscall' in error
        ? new ModelError('ERR_MODEL_UNREADABLE', 'archive: could not be read or written', { cause: error })
        : new ModelError('ERR_MODEL_FORMAT', 'archive: expected an intact archive, found a damaged one', {
            cause: error,
          });
  }
}
