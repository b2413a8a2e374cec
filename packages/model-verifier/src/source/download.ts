import { createHash, type Hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelError } from '../errors.ts';
import type { WeakHint } from '../lock/document.ts';
import { ask, failed, Interruption, toFailure, type ConnectionOptions } from './connection.ts';
import type { QuarantinedFile } from './quarantine.ts';
import type { SourceRule } from './rule.ts';

/** What is to be downloaded, and what it must be. */
export interface Wanted {
  /** `https:`, held against the rules. */
  readonly url: string;
  /** What `{revision}` stands for in a rule. */
  readonly revision: string;
  /** Exact size, where it is known. */
  readonly bytes?: number | undefined;
  /** Weak digests to compute beside SHA-256. */
  readonly hint?: WeakHint | undefined;
}

/** Limits of one download. */
export interface DownloadOptions extends ConnectionOptions {
  /** Bytes accepted where the size is not known beforehand. Default 4 GiB. */
  readonly maxBytes?: number;
  /** Milliseconds over which the speed is measured. Default 30000. */
  readonly stallMs?: number;
  /** Bytes a second below which a download has stalled. Default 1024; 0 waits for ever. */
  readonly minBytesPerSecond?: number;
  /** Milliseconds for one file, all tries together. Default 6 hours. */
  readonly timeoutMs?: number;
  /** Tries after the first one that broke. Default 3, minimum 0. */
  readonly retries?: number;
  /** Called as bytes arrive. */
  readonly onProgress?: (received: number, total: number) => void;
}

/** What arrived. */
export interface Downloaded {
  readonly bytes: number;
  readonly sha256: Buffer;
  /** Hexadecimal digits of the weak digest that was asked for. */
  readonly weak?: string;
}

const DEFAULT_MAX_BYTES = 4 * 1024 ** 3;
const DEFAULT_STALL_MS = 30_000;
const DEFAULT_MIN_BYTES_PER_SECOND = 1024;
const DEFAULT_TIMEOUT_MS = 6 * 60 * 60 * 1000;
const DEFAULT_RETRIES = 3;
const RETRY_DELAY_MS = 500;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Downloads into a quarantine file, hashing what is written, and goes on where an earlier try was cut.
 *
 * The size is known before the first byte is written: promised, or announced by the server. A later byte than that ends
 * the download. A cut or stalled one is tried again, with `Range` and `If-Range` where the server gave a strong entity
 * tag, else from the start; what lies in quarantine is hashed again then.
 *
 * @throws {ModelError} `ERR_MODEL_SOURCE`, `_DOWNLOAD`, `_SIZE`, `_ABORTED`; `_UNREADABLE` if it cannot be written, which
 *   no further try mends; and whatever `onProgress` throws.
 */
export async function download(
  wanted: Wanted,
  file: QuarantinedFile,
  rules: readonly SourceRule[],
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const { retries = DEFAULT_RETRIES, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  let { note } = file;
  for (let tries = 0; ; tries++) {
    try {
      const size = await file.size();
      const hashes = new Hashes(wanted.hint);
      const resumed = note?.url === wanted.url && size > 0 && size <= note.total ? note : undefined;
      if (resumed?.total === size && (wanted.bytes ?? size) === size) {
        hashes.begin(size);
        await rehash(file, size, hashes);
        return hashes.end(size);
      }
      const range = resumed === undefined ? {} : { range: `bytes=${size}-`, 'if-range': resumed.etag };
      const { response } = await ask(wanted.url, rules, wanted.revision, range, { ...options, signal });
      try {
        // The server has another file by now, shorter than what lies in quarantine.
        if (response.statusCode === 416 && resumed !== undefined) {
          await file.clear();
          note = undefined;
          throw new Interruption('status 416');
        }
        const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
        const plan = readHead(response, wanted, resumed === undefined ? 0 : size, maxBytes);
        if (plan.start === 0) {
          await file.clear();
          note =
            plan.etag === undefined ? undefined : { url: wanted.url, etag: plan.etag, total: plan.total };
          if (note !== undefined) await file.remember(note);
        }
        hashes.begin(plan.total);
        await rehash(file, plan.start, hashes);
        await receive(response, file, plan, hashes, options, signal);
        await file.sync();
        return hashes.end(plan.total);
      } finally {
        response.destroy();
      }
    } catch (error) {
      if (!isEnd(error)) throw error;
      if (timeout.aborted && options.signal?.aborted !== true) throw late(timeoutMs, error);
      if (!(error instanceof Interruption)) throw error;
      if (tries >= retries) throw failed(error.message, error.cause ?? error);
      await sleep(RETRY_DELAY_MS * 2 ** tries, undefined, { signal }).catch((cause: unknown) => {
        throw options.signal?.aborted === true ? toFailure(cause, signal) : late(timeoutMs, cause);
      });
    }
  }
}

/** Whether it is about the connection; anything else, as a full disk, a lie or the caller's own error, is told as it is. */
function isEnd(error: unknown): boolean {
  return error instanceof Interruption || (error instanceof ModelError && error.code === 'ERR_MODEL_ABORTED');
}

function late(timeoutMs: number, cause: unknown): ModelError {
  return failed(`no end within ${timeoutMs} ms`, cause);
}

interface Plan {
  /** Where the first byte of the body goes. */
  readonly start: number;
  /** Size of the whole file. */
  readonly total: number;
  /** Strong entity tag, if there is one. */
  readonly etag: string | undefined;
}

/** Holds the head of an answer against what was asked for. */
function readHead(response: IncomingMessage, wanted: Wanted, offset: number, maxBytes: number): Plan {
  const { statusCode = 0, headers } = response;
  if (statusCode === 408 || statusCode === 429 || statusCode >= 500) {
    throw new Interruption(`status ${statusCode}`);
  }
  if (statusCode !== 200 && statusCode !== 206) throw failed(`status ${statusCode}`);
  const encoding = (headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding !== 'identity') throw failed(`content encoding ${encoding.slice(0, 32)}`);
  const length = parseLength(headers['content-length']);
  if (statusCode === 206) {
    const [, first, last, whole] =
      /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers['content-range'] ?? '') ?? [];
    const total = Number(whole);
    const isRest = offset > 0 && Number(first) === offset && Number(last) === total - 1;
    if (!isRest || (length !== undefined && length !== total - offset))
      throw failed('another range than was asked for');
    checkTotal(total, wanted, maxBytes);
    return { start: offset, total, etag: undefined };
  }
  const total = length ?? wanted.bytes;
  if (total === undefined) throw failed('no length');
  checkTotal(total, wanted, maxBytes);
  return { start: 0, total, etag: strongTag(headers.etag) };
}

function parseLength(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw failed('a length that is no number');
  return Number(text);
}

function checkTotal(total: number, { bytes }: Wanted, maxBytes: number): void {
  if (bytes !== undefined ? total !== bytes : total > maxBytes || total === 0) {
    const expected = bytes === undefined ? `1 to ${maxBytes}` : String(bytes);
    throw new ModelError('ERR_MODEL_SIZE', `expected ${expected} bytes, found ${total} announced`, {
      expected,
      found: String(total),
    });
  }
}

/** A weak tag, `W/"…"`, promises the same meaning and not the same bytes (RFC 9110, section 8.8.1). */
function strongTag(etag: string | undefined): string | undefined {
  return etag !== undefined && /^"[\x21\x23-\x7e]{1,1024}"$/.test(etag) ? etag : undefined;
}

async function rehash(file: QuarantinedFile, end: number, hashes: Hashes): Promise<void> {
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, end));
  for (let position = 0; position < end;) {
    const bytes = await file.read(buffer.subarray(0, Math.min(buffer.length, end - position)), position);
    if (bytes === 0) throw new Interruption('a quarantine file that shrank');
    hashes.update(buffer.subarray(0, bytes));
    position += bytes;
  }
}

async function receive(
  response: IncomingMessage,
  file: QuarantinedFile,
  { start, total }: Plan,
  hashes: Hashes,
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<void> {
  const {
    stallMs = DEFAULT_STALL_MS,
    minBytesPerSecond = DEFAULT_MIN_BYTES_PER_SECOND,
    onProgress,
  } = options;
  let position = start;
  let marked = start;
  const watch = setInterval(() => {
    if (position - marked < (minBytesPerSecond * stallMs) / 1000) {
      response.destroy(new Interruption(`less than ${minBytesPerSecond} bytes a second`));
    }
    marked = position;
  }, stallMs);
  try {
    for await (const chunk of chunksOf(response, signal)) {
      if (position + chunk.length > total) {
        // Of a server that says one thing and does another nothing is kept for the next time.
        await file.clear();
        throw new ModelError('ERR_MODEL_SIZE', `expected ${total} bytes, found more`, {
          expected: String(total),
        });
      }
      await file.write(chunk, position);
      hashes.update(chunk);
      position += chunk.length;
      onProgress?.(position, total);
    }
  } finally {
    clearInterval(watch);
  }
  if (position < total) throw new Interruption(`${position} of ${total} bytes`);
}

/** The body. What breaks is told from what its reader throws, which passes by. */
async function* chunksOf(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    throw toFailure(error, signal);
  }
}

/** SHA-256 and, where asked for, one weak digest, over the same bytes. */
class Hashes {
  readonly #strong = createHash('sha256');
  readonly #hint: WeakHint | undefined;
  #weak: Hash | undefined;

  constructor(hint: WeakHint | undefined) {
    this.#hint = hint;
  }

  begin(total: number): void {
    if (this.#hint === undefined) return;
    this.#weak = createHash('sha1');
    // A git blob is hashed behind its kind and size.
    if (this.#hint.algorithm === 'git-sha1') this.#weak.update(`blob ${total}\0`);
  }

  update(bytes: Uint8Array): void {
    this.#strong.update(bytes);
    this.#weak?.update(bytes);
  }

  end(bytes: number): Downloaded {
    const sha256 = this.#strong.digest();
    return { bytes, sha256, ...(this.#weak !== undefined && { weak: this.#weak.digest('hex') }) };
  }
}
