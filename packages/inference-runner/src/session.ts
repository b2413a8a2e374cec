import { InferenceSession, Tensor as NativeTensor } from 'onnxruntime-node';
import { z } from 'zod';
import { InferenceError } from './errors.ts';
import { checkFeeds, type Feeds } from './feeds.ts';
import { parseOptions } from './options.ts';
import { isTensorType, type Tensor, type TensorInfo } from './tensor.ts';

/** A model as bytes that somebody has already verified. */
export interface ModelBytes {
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  /** Weights the ONNX file keeps outside itself, by the path it names for them. They are never read from disk. */
  readonly externalData?: readonly { readonly path: string; readonly data: Uint8Array }[];
  /** Digest of the verified model; carried along, not checked here. */
  readonly digest?: string;
}

/** Execution providers that this version can run on. */
export type Provider = 'cpu';

/** How a model is run. */
export interface SessionOptions {
  /** Execution provider. Default `'cpu'`. */
  readonly provider?: Provider;
  /** Threads inside one operator. Default 1, minimum 1, maximum 256. */
  readonly threads?: number;
}

/** A loaded model. It holds native memory until it is released. */
export interface Session extends AsyncDisposable {
  /** What the model takes. */
  readonly inputs: readonly TensorInfo[];
  /** What the model gives. */
  readonly outputs: readonly TensorInfo[];
  /** The provider that really runs the model. */
  readonly provider: Provider;
  /** Threads inside one operator. */
  readonly threads: number;
  /** The digest the model came with. */
  readonly digest?: string;
  /**
   * Runs the model once. Runs of one session happen one after another, in the order of the calls.
   * The native run blocks the calling thread and cannot be cancelled.
   *
   * @param feeds - One tensor per input. Names, types, rank, fixed dims and lengths are checked before the native run.
   * @throws {InferenceError} `ERR_INFERENCE_FEEDS`, `ERR_INFERENCE_RUN` (with `cause`) or `ERR_INFERENCE_RELEASED`.
   */
  run(feeds: Feeds): Promise<Record<string, Tensor>>;
  /** Frees the native memory once the runs already asked for have ended. Calling it again is harmless. */
  release(): Promise<void>;
}

const PROVIDERS: readonly string[] = ['cpu'] satisfies Provider[];

const sessionOptionsSchema = z.strictObject({
  provider: z.string().default('cpu'),
  threads: z.int().min(1).max(256).default(1),
});

/**
 * No file has this as its folder: a model that names outside weights which were not given as bytes fails to load
 * instead of picking up a file that happens to lie in the working directory.
 */
const NO_FOLDER = '/dev/null';

/**
 * Loads a model from bytes, never from a path.
 *
 * @throws {InferenceError} `ERR_INFERENCE_OPTIONS`, `ERR_INFERENCE_PROVIDER` (an unknown provider), or
 *   `ERR_INFERENCE_MODEL` (with `cause`) when the runtime refuses the bytes.
 */
export async function createSession(model: ModelBytes, options: SessionOptions = {}): Promise<Session> {
  const { provider, threads } = parseOptions(sessionOptionsSchema, options);
  if (!PROVIDERS.includes(provider)) {
    throw new InferenceError(
      'ERR_INFERENCE_PROVIDER',
      `expected one of the providers ${PROVIDERS.join(', ')}, found another`,
    );
  }
  if (!((model as Partial<ModelBytes> | null)?.bytes instanceof Uint8Array) || model.bytes.length === 0) {
    throw new InferenceError('ERR_INFERENCE_MODEL', 'expected the bytes of an ONNX model, found none');
  }
  const native = await load(model, threads);
  try {
    return new CpuSession(native, threads, model.digest);
  } catch (error) {
    await native.release();
    throw error;
  }
}

async function load(model: ModelBytes, threads: number): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(model.bytes, {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
      externalData: (model.externalData ?? []).map(({ path, data }) => ({ path, data })),
      extra: {
        session: {
          // Spinning threads keep whole cores busy between runs; the values must be strings.
          intra_op: { allow_spinning: '0' },
          inter_op: { allow_spinning: '0' },
          model_external_initializers_file_folder_path: NO_FOLDER,
        },
      },
    });
  } catch (cause) {
    throw new InferenceError(
      'ERR_INFERENCE_MODEL',
      'expected a model that the runtime can load, but it was refused',
      {
        cause,
      },
    );
  }
}

class CpuSession implements Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly provider = 'cpu';
  readonly threads: number;
  declare readonly digest?: string;
  readonly #native: InferenceSession;
  /** Settles when every run asked for so far has ended. It never rejects. */
  #tail: Promise<unknown> = Promise.resolve();
  #released: Promise<void> | undefined;

  constructor(native: InferenceSession, threads: number, digest: string | undefined) {
    this.#native = native;
    this.threads = threads;
    if (digest !== undefined) {
      this.digest = digest;
    }
    this.inputs = native.inputMetadata.map(toTensorInfo);
    this.outputs = native.outputMetadata.map(toTensorInfo);
  }

  // Async so that every refusal arrives as a rejection.
  async run(feeds: Feeds): Promise<Record<string, Tensor>> {
    if (this.#released !== undefined) {
      throw new InferenceError('ERR_INFERENCE_RELEASED', 'expected a live session, found a released one');
    }
    checkFeeds(this.inputs, feeds);
    // Taken now: what the caller puts into `feeds` while earlier runs go on was not checked.
    const native = Object.fromEntries(this.inputs.map(({ name }) => [name, toNative(feeds[name]!)]));
    const run = this.#tail.then(() => this.#runNative(native));
    this.#tail = run.catch(() => undefined);
    return run;
  }

  async #runNative(feeds: Readonly<Record<string, NativeTensor>>): Promise<Record<string, Tensor>> {
    try {
      const results = await this.#native.run(feeds);
      return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, fromNative(tensor)]));
    } catch (cause) {
      throw new InferenceError('ERR_INFERENCE_RUN', 'the model failed while it ran', { cause });
    }
  }

  release(): Promise<void> {
    this.#released ??= this.#tail.then(() => this.#native.release());
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

function toTensorInfo(metadata: InferenceSession.ValueMetadata): TensorInfo {
  if (!metadata.isTensor || !isTensorType(metadata.type)) {
    throw new InferenceError(
      'ERR_INFERENCE_MODEL',
      'expected inputs and outputs that are numeric tensors, found another kind',
    );
  }
  const dims = metadata.shape.map((dim) => (dim === '' ? '?' : dim));
  return { name: metadata.name, type: metadata.type, dims };
}

function toNative({ type, dims, data }: Tensor): NativeTensor {
  if (type !== 'float16') {
    return new NativeTensor(type, data as Float32Array, [...dims]);
  }
  // Where Float16Array exists, the wrapper turns the bit patterns into one, which the native part of 1.30 reads as empty.
  return Object.assign(new NativeTensor('uint16', data as Uint16Array, [...dims]), { type });
}

function fromNative({ type, dims, data }: NativeTensor): Tensor {
  if (!isTensorType(type) || !ArrayBuffer.isView(data)) {
    throw new TypeError('the run returned something other than a numeric tensor');
  }
  // Newer runtimes hand float16 out as Float16Array; callers get the bit patterns on every Node version.
  const plain = type === 'float16' ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
  return { type, dims: [...dims], data: plain };
}
