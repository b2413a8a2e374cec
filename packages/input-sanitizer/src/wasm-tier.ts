import { Worker } from 'node:worker_threads';
import { Deadline } from './deadline.ts';
import { INPUT_ERROR_CODES, SanitizeError } from './errors.ts';
import type { InputErrorCode } from './errors.ts';
import { programFile } from './program-file.ts';
import type { InputSpec } from './spec.ts';

/**
 * Where pixels are decoded. `inline`: by sharp's native codecs in this process. `wasm`: by the same codecs compiled to
 * WebAssembly (`@img/sharp-wasm32`), in a thread of their own: a codec that is taken over holds its own linear memory
 * and nothing else, and the deadline is hard, because the thread is ended.
 */
export const DECODER_TIERS = ['inline', 'wasm'] as const;

/** One of {@link DECODER_TIERS}. */
export type DecoderTier = (typeof DECODER_TIERS)[number];

/**
 * Whether work goes to the thread.
 *
 * @throws {SanitizeError} `ERR_INPUT_SPEC` for a tier that there is not: nothing falls back to a lesser one unasked.
 */
export function isWasmTier(tier: DecoderTier = 'inline'): boolean {
  if (DECODER_TIERS.includes(tier)) return tier === 'wasm';
  throw new SanitizeError(
    'ERR_INPUT_SPEC',
    `expected a tier of ${DECODER_TIERS.join(' or ')}, found another`,
  );
}

/** What the thread can be asked for: the functions of this package by that name. */
export type WasmTask = 'decodeImage' | 'sanitizeImage' | 'reencodeImage';

/** A call of one of them; its options without what cannot cross to a thread. */
export interface WasmCall {
  readonly task: WasmTask;
  readonly bytes: Uint8Array;
  readonly spec: InputSpec;
  readonly options: object;
}

/** A signal stays on this side; everything else crosses. */
interface WasmOptions {
  readonly signal?: AbortSignal;
}

/** What the thread says: first whether it can work at all, then one answer to each call. */
export type WasmReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'value'; readonly value: unknown }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly cause: string | undefined;
    }
  | { readonly kind: 'failed'; readonly cause: string };

/** Compiling nine megabytes of WebAssembly takes half a second on an idle machine. */
const START_MS = 60_000;
/** A thread that nobody needs holds some hundred megabytes. */
const IDLE_MS = 30_000;

/** The thread of this process, and whoever waits for it: it decodes one picture at a time. */
let current: Promise<WasmThread> | undefined;
let queue: Promise<unknown> = Promise.resolve();

/**
 * Runs a function of this package in the thread whose decoder is WebAssembly. The thread starts with the first call,
 * which is not held against the deadline, and ends when it has been idle for half a minute.
 *
 * @throws {SanitizeError} What the function throws; `ERR_INPUT_DEADLINE` and `ERR_INPUT_ABORTED` end the thread if it was
 *   at work on this call; `ERR_INPUT_UNAVAILABLE` if there is no `@img/sharp-wasm32`.
 */
export async function runInWasm<T>(
  task: WasmTask,
  bytes: Uint8Array,
  spec: InputSpec,
  options: object,
): Promise<T> {
  const { signal, ...rest }: WasmOptions = options;
  const call: WasmCall = { task, bytes, spec, options: { ...rest, tier: 'inline' } };
  await new Deadline(START_MS, signal).race(obtainThread());
  const deadline = new Deadline(spec.limits.deadlineMs, signal);
  const before = queue;
  let leave: () => void = () => undefined;
  queue = new Promise<void>((resolve) => {
    leave = resolve;
  });
  try {
    await deadline.race(before);
    const thread = await deadline.race(obtainThread());
    try {
      return (await deadline.race(thread.call(call))) as T;
    } catch (error) {
      if (isCut(error)) await thread.end();
      throw error;
    }
  } finally {
    // Not before those ahead: who leaves the queue must not let the next one overtake the first.
    void before.then(leave);
  }
}

function isCut(error: unknown): boolean {
  return error instanceof SanitizeError && ['ERR_INPUT_DEADLINE', 'ERR_INPUT_ABORTED'].includes(error.code);
}

async function obtainThread(): Promise<WasmThread> {
  const starting = (current ??= WasmThread.start());
  try {
    const thread = await starting;
    if (!thread.hasEnded) return thread;
  } catch (error) {
    if (current === starting) current = undefined;
    throw error;
  }
  if (current === starting) current = undefined;
  return await obtainThread();
}

class WasmThread {
  readonly #worker: Worker;
  readonly #ended = new AbortController();
  #idle: NodeJS.Timeout | undefined;

  /** Starts a thread and waits until it can decode. */
  static async start(): Promise<WasmThread> {
    const worker = new Worker(programFile('wasm-thread'), {
      // The codecs read some of it.
      env: {},
      execArgv: ['--no-warnings'],
      // A codec's chatter is nobody's output.
      stdout: true,
      stderr: true,
    });
    const thread = new WasmThread(worker);
    const reply = await thread.#reply().catch((cause: unknown) => {
      throw unavailable('the WebAssembly decoder to start', cause);
    });
    if (reply.kind === 'ready') {
      thread.#rest();
      return thread;
    }
    await thread.end();
    throw reply.kind === 'absent'
      ? unavailable('the package @img/sharp-wasm32 to be installed, found none')
      : unavailable('the WebAssembly decoder to start', 'cause' in reply ? reply.cause : undefined);
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.once('exit', () => {
      this.#ended.abort();
    });
    // Who waits for a reply is told; without one, a thread that fails has just ended.
    worker.on('error', () => undefined);
  }

  get hasEnded(): boolean {
    return this.#ended.signal.aborted;
  }

  /** One call at a time. */
  async call(call: WasmCall): Promise<unknown> {
    clearTimeout(this.#idle);
    this.#worker.ref();
    try {
      // No answer comes before this turn ends; without a call none would come at all.
      this.#post(call);
      const reply = await this.#reply();
      if (reply.kind === 'value') return reply.value;
      if (reply.kind === 'refused') throw asRefusal(reply);
      throw unavailable('the WebAssembly decoder to answer', 'cause' in reply ? reply.cause : undefined);
    } finally {
      this.#rest();
    }
  }

  async end(): Promise<void> {
    clearTimeout(this.#idle);
    this.#ended.abort();
    await this.#worker.terminate();
  }

  /** Bytes and a spec were looked at by now; what cannot cross is among the options. */
  #post(call: WasmCall): void {
    try {
      this.#worker.postMessage(call);
    } catch (cause) {
      throw new SanitizeError('ERR_INPUT_SPEC', 'expected options of plain data, found something else', {
        cause,
      });
    }
  }

  /** An idle thread keeps no process alive, and does not stay for ever. */
  #rest(): void {
    this.#worker.unref();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      void this.end();
    }, IDLE_MS).unref();
  }

  #reply(): Promise<WasmReply> {
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        worker.off('message', take);
        worker.off('error', fail);
        worker.off('exit', end);
        settle();
      };
      const take = (reply: WasmReply): void => {
        finish(() => {
          resolve(reply);
        });
      };
      const fail = (error: Error): void => {
        finish(() => {
          reject(unavailable('the WebAssembly decoder to answer', error));
        });
      };
      const end = (): void => {
        fail(new Error('the thread ended'));
      };
      worker.on('message', take);
      worker.on('error', fail);
      worker.on('exit', end);
    });
  }
}

function asRefusal({ code, message, cause }: Extract<WasmReply, { kind: 'refused' }>): SanitizeError {
  const known: InputErrorCode = INPUT_ERROR_CODES.find((one) => one === code) ?? 'ERR_INPUT_CORRUPT';
  return new SanitizeError(known, message, cause === undefined ? undefined : { cause: new Error(cause) });
}

function unavailable(expected: string, cause?: unknown): SanitizeError {
  return new SanitizeError(
    'ERR_INPUT_UNAVAILABLE',
    `expected ${expected}`,
    cause === undefined ? undefined : { cause },
  );
}
