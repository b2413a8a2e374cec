import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../errors.ts';
import { caseTwinKey, checkLockPath } from '../lock/path.ts';
import type { ArchiveLimits } from './limits.ts';

/** Bytes that any archive may come to, whatever it was compressed from. */
const RATIO_FREE_BYTES = 1024 * 1024;

/** A file that came out of an archive. */
export interface ExtractedFile {
  /** Below the target, `/`-separated. */
  readonly path: string;
  readonly bytes: number;
}

/** A folder that an archive is written into: nobody else's, and nothing in it but what was checked here. */
export class Extraction {
  readonly files: ExtractedFile[] = [];
  readonly #target: string;
  readonly #archiveBytes: number;
  readonly #limits: ArchiveLimits;
  /** By the spelling that a case-insensitive file system takes for one: what stands there. */
  readonly #taken = new Map<
    string,
    { readonly path: string; readonly isFolder: boolean; isListed: boolean }
  >();
  #entries = 0;
  #bytes = 0;

  constructor(target: string, archiveBytes: number, limits: ArchiveLimits) {
    this.#target = target;
    this.#archiveBytes = archiveBytes;
    this.#limits = limits;
  }

  /** Makes a folder that the archive lists. */
  async addFolder(path: string): Promise<void> {
    this.countEntry();
    const name = path.replace(/\/$/, '');
    checkLockPath(name, 'archive');
    this.#checkSpellings(name, true);
    await mkdir(join(this.#target, name), { recursive: true });
  }

  /** Writes a file that the archive lists, as it comes. */
  async addFile(path: string, declaredBytes: number, content: AsyncIterable<Uint8Array>): Promise<void> {
    this.countEntry();
    checkLockPath(path, 'archive');
    if (declaredBytes > this.#limits.maxFileBytes)
      throw tooMuch('bytes in one file', this.#limits.maxFileBytes);
    this.#checkSize(declaredBytes);
    this.#checkSpellings(path, false);
    const slash = path.lastIndexOf('/');
    if (slash !== -1) await mkdir(join(this.#target, path.slice(0, slash)), { recursive: true });
    // Exclusive: nothing is opened that was there, a link least of all.
    await using handle = await open(join(this.#target, path), 'wx', 0o644);
    let bytes = 0;
    for await (const chunk of content) {
      bytes += chunk.length;
      if (bytes > declaredBytes) throw otherSize(declaredBytes, 'more');
      await handle.writeFile(chunk);
    }
    if (bytes !== declaredBytes) throw otherSize(declaredBytes, String(bytes));
    this.#bytes += bytes;
    this.files.push({ path, bytes });
  }

  /** Counts what an archive lists, also what is no file. */
  countEntry(): void {
    if (++this.#entries > this.#limits.maxEntries) throw tooMuch('entries', this.#limits.maxEntries);
  }

  /** Before anything is written: what this file would make of the whole. */
  #checkSize(more: number): void {
    const total = this.#bytes + more;
    if (total > this.#limits.maxTotalBytes) throw tooMuch('bytes in all files', this.#limits.maxTotalBytes);
    if (total > RATIO_FREE_BYTES && total > this.#archiveBytes * this.#limits.maxRatio) {
      throw tooMuch('bytes out for each byte in', this.#limits.maxRatio);
    }
  }

  /** Every folder on the way and the last component: listed once, one spelling, never both file and folder. */
  #checkSpellings(path: string, isFolder: boolean): void {
    const parts = path.split('/');
    for (let length = 1; length <= parts.length; length++) {
      const spelling = parts.slice(0, length).join('/');
      const isLast = length === parts.length;
      const key = caseTwinKey(spelling);
      const found = this.#taken.get(key);
      if (found === undefined) {
        this.#taken.set(key, { path: spelling, isFolder: !isLast || isFolder, isListed: isLast });
        continue;
      }
      const isSame = found.path === spelling && found.isFolder && (!isLast || (isFolder && !found.isListed));
      if (!isSame)
        throw new ModelError(
          'ERR_MODEL_PATH',
          'archive: expected every path once, found one twice or in two spellings',
        );
      if (isLast) found.isListed = true;
    }
  }
}

/** A limit that an archive goes past. */
export function tooMuch(what: string, limit: number): ModelError {
  return new ModelError('ERR_MODEL_LIMIT', `archive: expected at most ${limit} ${what}, found more`);
}

function otherSize(declared: number, found: string): ModelError {
  return new ModelError(
    'ERR_MODEL_FORMAT',
    `archive: expected a file of ${declared} bytes, as its header says, found ${found}`,
  );
}
