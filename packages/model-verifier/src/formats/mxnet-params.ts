import { isUtf8 } from 'node:buffer';
import { ModelError } from '../errors.ts';

const LIST_MAGIC = 0x112n;
/** Versions of one array: without a storage type, with one, and with NumPy's shapes. */
const V1 = 0xf993fac8;
const V2 = 0xf993fac9;
const V3 = 0xf993faca;

const DTYPES: readonly (readonly [name: string, bytes: number])[] = [
  ['float32', 4],
  ['float64', 8],
  ['float16', 2],
  ['uint8', 1],
  ['int32', 4],
  ['int8', 1],
  ['int64', 8],
  ['bool', 1],
  ['int16', 2],
  ['uint16', 2],
  ['uint32', 4],
  ['uint64', 8],
  ['bfloat16', 2],
];

/** CPU, GPU, pinned and shared memory: what the array was saved from. */
const DEVICES: ReadonlySet<number> = new Set([1, 2, 3, 5]);
const MAX_DEVICE_ID = 1023;
const MAX_ARRAYS = 200_000;
const MAX_RANK = 32;
const MAX_NAME_BYTES = 4096;

/** One array of a `.params` file. */
export interface MxnetArray {
  /** With its `arg:` or `aux:`; empty if the file names none. */
  readonly name: string;
  readonly dtype: string;
  readonly dims: readonly number[];
  /** First byte in the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** What an MXNet `.params` file holds. Plain JSON. */
export interface MxnetParamsReport {
  readonly format: 'mxnet-params';
  /** Bytes of the file. */
  readonly bytes: number;
  readonly tensors: readonly MxnetArray[];
  readonly parameters: { readonly tensors: number; readonly bytes: number };
}

/**
 * Checks an MXNet list of arrays (`.params`, as GluonCV publishes them): magics, counts, shapes, types and devices in
 * bounds, data inside the file, as many names as arrays and each once, nothing behind the end. Dense arrays only.
 * Weights are not read.
 *
 * @throws {ModelError} `ERR_MODEL_FORMAT`, `ERR_MODEL_AMBIGUOUS`, `ERR_MODEL_LIMIT`
 * @see apache/mxnet `src/ndarray/ndarray.cc`, `NDArray::Save`
 */
export function inspectMxnetParams(bytes: Uint8Array): MxnetParamsReport {
  const reader = new Reader(bytes);
  if (reader.u64() !== LIST_MAGIC) throw malformed('the magic of a list of arrays', 'another');
  if (reader.u64() !== 0n) throw malformed('a reserved field of 0', 'another');
  const count = reader.count('arrays', MAX_ARRAYS);
  const arrays: Omit<MxnetArray, 'name'>[] = [];
  for (let index = 0; index < count; index++) arrays.push(readArray(reader));
  const names = readNames(reader, count);
  if (!reader.isAtEnd) throw malformed('the end of the file behind the names', 'more');
  const tensors = arrays.map((array, index) => ({ name: names[index] ?? '', ...array }));
  const total = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  return {
    format: 'mxnet-params',
    bytes: bytes.length,
    tensors,
    parameters: { tensors: tensors.length, bytes: total },
  };
}

function readArray(reader: Reader): Omit<MxnetArray, 'name'> {
  const magic = reader.u32();
  if (magic !== V1 && magic !== V2 && magic !== V3)
    throw malformed('the magic of an array', `0x${magic.toString(16)}`);
  if (magic !== V1 && reader.i32() !== 0) throw malformed('a dense array', 'a sparse one');
  const rank = reader.i32();
  // An array of no shape at all is saved without anything behind it.
  if (rank === (magic === V3 ? -1 : 0)) return { dtype: 'none', dims: [], offset: reader.position, bytes: 0 };
  if (rank < 0 || rank > MAX_RANK) throw malformed(`at most ${MAX_RANK} dimensions`, `${rank}`);
  const dims = Array.from({ length: rank }, () => Number(reader.i64()));
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) {
    throw malformed('dimensions of at least 0', `[${dims.join(', ')}]`);
  }
  const device = reader.i32();
  const id = reader.i32();
  if (!DEVICES.has(device) || id < 0 || id > MAX_DEVICE_ID) {
    throw malformed('a device of MXNet', `type ${device}, number ${id}`);
  }
  const flag = reader.i32();
  const type = DTYPES[flag];
  if (type === undefined) throw malformed('an element type of MXNet', `number ${flag}`);
  const elements = dims.includes(0) ? 0 : dims.reduce((product, dim) => product * dim, 1);
  const length = elements * type[1];
  if (!Number.isSafeInteger(length)) throw malformed('a size that can be counted', 'a larger one');
  const offset = reader.position;
  reader.skip(length);
  return { dtype: type[0], dims, offset, bytes: length };
}

/** None at all, or one per array. */
function readNames(reader: Reader, arrays: number): readonly string[] {
  const count = reader.count('names', MAX_ARRAYS);
  if (count !== 0 && count !== arrays) throw malformed(`${arrays} names, one per array`, `${count}`);
  const names = new Set<string>();
  for (let index = 0; index < count; index++) {
    const name = reader.text(reader.count('bytes of a name', MAX_NAME_BYTES));
    if (names.has(name))
      throw new ModelError('ERR_MODEL_AMBIGUOUS', 'expected every name once, found one twice');
    names.add(name);
  }
  return [...names];
}

/** Little-endian numbers one after the other; past the end is malformed. */
class Reader {
  position = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.position === this.#bytes.length;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  count(what: string, limit: number): number {
    const value = this.u64();
    if (value > BigInt(limit))
      throw new ModelError('ERR_MODEL_LIMIT', `expected at most ${limit} ${what}, found ${value}`);
    return Number(value);
  }

  text(length: number): string {
    const start = this.#take(length);
    const bytes = this.#bytes.subarray(start, start + length);
    if (length === 0 || !isUtf8(bytes)) throw malformed('names in UTF-8', 'others');
    return Buffer.from(bytes).toString('utf8');
  }

  skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): number {
    const start = this.position;
    if (length > this.#bytes.length - start) {
      throw malformed(`${length} bytes more at byte ${start}`, `${this.#bytes.length - start}`);
    }
    this.position += length;
    return start;
  }
}

function malformed(expected: string, found: string): ModelError {
  return new ModelError('ERR_MODEL_FORMAT', `MXNet params: expected ${expected}, found ${found}`);
}
