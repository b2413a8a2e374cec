import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { ByteCollector } from './byte-collector.ts';
import { SanitizeError } from './errors.ts';
import { checkOptions, checkSignal } from './parse-options.ts';

/** Pieces taken before everything else that waits gets its turn. */
const PIECES_PER_TURN = 256;

/** Limits of one read from a stream. */
export interface FromStreamOptions {
  /** Bytes accepted; one more is `ERR_INPUT_TOO_LARGE`. Minimum 1, no default. */
  readonly maxBytes: number;
  /** Ends the wait with `ERR_INPUT_ABORTED` and cancels the source. */
  readonly signal?: AbortSignal;
}

/**
 * Something that gives bytes piece by piece: a web `ReadableStream`, a Node `Readable` (a request, a file, a socket),
 * or any async iterable.
 */
export type ByteStream = AsyncIterable<Uint8Array>;

/** What reading needs of any of them. */
interface Pull {
  next(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  /** Lets go of a source that was read to its end. */
  release(): void;
  /** Tells a source that nobody wants the rest. Never waits: a source that hangs would hang here too. */
  cancel(): void;
}

/**
 * Reads a stream to its end, or to the first byte past the cap. On any refusal the source is cancelled (web), destroyed
 * (Node) or returned (iterable), so a server that wants to answer on the same connection reads its body itself.
 *
 * There is no time limit of its own: pass a signal, `AbortSignal.timeout(ms)` for one.
 *
 * @param stream - Untrusted content; nobody else may read it.
 * @throws {SanitizeError} `ERR_INPUT_TOO_LARGE`, `ERR_INPUT_EMPTY`, `ERR_INPUT_ABORTED`, `ERR_INPUT_UNREADABLE` with
 *   what the stream failed with as `cause`; `ERR_INPUT_SPEC` if `maxBytes` is not a positive whole number, there is no
 *   stream, it is or was read by someone else, or its pieces are not bytes.
 */
export async function fromStream(stream: ByteStream, options: FromStreamOptions): Promise<Uint8Array> {
  checkOptions(options);
  const { maxBytes, signal } = options;
  checkSignal(signal);
  const collector = new ByteCollector(maxBytes);
  checkStream(stream);
  const wasRead = Readable.isDisturbed(stream as NodeJS.ReadableStream);
  const pull = openPull(stream);
  let stopped = false;
  try {
    const isStopped = (): boolean => stopped;
    await untilAborted(collect(pull, collector, isStopped), signal);
    pull.release();
  } catch (cause) {
    stopped = true;
    quietly(() => {
      pull.cancel();
    });
    throw cause instanceof SanitizeError ? cause : refuseStream(cause);
  }
  // Nothing is left in it because somebody else took it: its sender is not to blame.
  if (wasRead && collector.isEmpty) throw refuseOther('one that was read already');
  return collector.finish();
}

/** @throws {SanitizeError} `ERR_INPUT_SPEC` for what is neither a stream nor an async iterable. */
function checkStream(stream: unknown): void {
  if (typeof stream === 'object' && stream !== null) {
    const { getReader, [Symbol.asyncIterator]: iterate } = stream as Partial<WebStream>;
    if (typeof getReader === 'function' || typeof iterate === 'function') return;
  }
  throw new SanitizeError('ERR_INPUT_SPEC', 'expected a stream or an async iterable, found neither');
}

async function collect(pull: Pull, collector: ByteCollector, isStopped: () => boolean): Promise<void> {
  for (let pieces = 1; ; pieces++) {
    // A source that always has a piece ready, and be it an empty one, would leave no timer or signal a turn.
    if (pieces % PIECES_PER_TURN === 0) await setImmediate();
    if (isStopped()) return;
    const { done, value } = await pull.next();
    if (done === true) return;
    if (!(value instanceof Uint8Array)) {
      throw new SanitizeError(
        'ERR_INPUT_SPEC',
        `expected a stream of bytes, found a piece of ${typeof value}`,
      );
    }
    collector.add(value);
  }
}

/** A read already begun is left behind unobserved; cancelling the source ends it. */
async function untilAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) {
    await work;
    return;
  }
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(
        new SanitizeError('ERR_INPUT_ABORTED', 'expected to finish, found that the caller stopped waiting', {
          cause: signal.reason,
        }),
      );
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function openPull(stream: ByteStream): Pull {
  if (isWebStream(stream)) return pullFromWeb(stream);
  const iterator = iterate(stream);
  return {
    next: () => iterator.next(),
    release: () => undefined,
    cancel: () => {
      // A generator returns only after the read that hangs, so a Node stream is told directly.
      if (isNodeStream(stream)) stream.destroy();
      else Promise.resolve(iterator.return?.()).catch(() => undefined);
    },
  };
}

function iterate(stream: ByteStream): AsyncIterator<unknown> {
  try {
    return stream[Symbol.asyncIterator]();
  } catch (cause) {
    throw refuseStream(cause);
  }
}

/** What a source says to being let go of has no say: why it is let go of has been decided. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // It is not read any more either way.
  }
}

function refuseStream(cause: unknown): SanitizeError {
  return new SanitizeError(
    'ERR_INPUT_UNREADABLE',
    'expected a stream that can be read, found one that failed',
    { cause },
  );
}

function refuseOther(found: string, cause?: unknown): SanitizeError {
  return new SanitizeError('ERR_INPUT_SPEC', `expected a stream of its own, found ${found}`, { cause });
}

function isNodeStream(stream: ByteStream): stream is ByteStream & { destroy(): unknown } {
  return 'destroy' in stream && typeof stream.destroy === 'function';
}

/** The part of a web `ReadableStream` used here, whichever library declares it. */
interface WebStream extends ByteStream {
  getReader(): {
    read(): Promise<{ done: true; value?: unknown } | { done: false; value: unknown }>;
    cancel(): Promise<void>;
    releaseLock(): void;
  };
}

function isWebStream(stream: ByteStream): stream is WebStream {
  return 'getReader' in stream && typeof stream.getReader === 'function';
}

function pullFromWeb(stream: WebStream): Pull {
  let reader: ReturnType<WebStream['getReader']>;
  try {
    reader = stream.getReader();
  } catch (cause) {
    throw refuseOther('one with another reader', cause);
  }
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return { done, value };
    },
    release: () => {
      reader.releaseLock();
    },
    cancel: () => {
      // Also ends a read that hangs, which the iterator's return() would wait for.
      Promise.resolve(reader.cancel()).catch(() => undefined);
      reader.releaseLock();
    },
  };
}
