import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { ModelError } from '../errors.ts';
import { parseStrictJson } from '../strict-json.ts';

/** Bits of one element, by the name the header gives the type. */
const DTYPE_BITS: ReadonlyMap<string, number> = new Map([
  ['BOOL', 8],
  ['U8', 8],
  ['I8', 8],
  ['F8_E5M2', 8],
  ['F8_E4M3', 8],
  ['F8_E8M0', 8],
  ['I16', 16],
  ['U16', 16],
  ['F16', 16],
  ['BF16', 16],
  ['I32', 32],
  ['U32', 32],
  ['F32', 32],
  ['C64', 64],
  ['F64', 64],
  ['I64', 64],
  ['U64', 64],
  ['F4', 4],
  ['F6_E2M3', 6],
  ['F6_E3M2', 6],
]);

/** The most the format allows. */
const FORMAT_HEADER_BYTES = 100_000_000;
const MAX_TENSORS = 200_000;
const MAX_RANK = 32;
const MAX_NAME_BYTES = 4096;
const MAX_METADATA_ENTRIES = 4096;

/** How a safetensors file is inspected. */
export interface InspectSafetensorsOptions {
  /** Bytes of the whole file, if only its start is given. Default: the length of what is given. */
  readonly fileBytes?: number;
  /** Bytes of header. Default 16 MiB, at most 100,000,000 as the format has it. */
  readonly maxHeaderBytes?: number;
}

const optionsSchema = z.strictObject({
  fileBytes: z.int().min(0).optional(),
  maxHeaderBytes: z
    .int()
    .min(0)
    .default(16 * 1024 * 1024),
});

/** One tensor of a safetensors file. */
export interface SafetensorsTensor {
  readonly name: string;
  /** As the header spells it, for example `F32`. */
  readonly dtype: string;
  readonly dims: readonly number[];
  /** First byte in the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** What a safetensors file holds. Plain JSON. */
export interface SafetensorsReport {
  readonly format: 'safetensors';
  /** Bytes of the file. */
  readonly bytes: number;
  readonly headerBytes: number;
  /** In the order of their data. */
  readonly tensors: readonly SafetensorsTensor[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly parameters: { readonly tensors: number; readonly bytes: number };
}

/**
 * Checks the header of a safetensors file: strict JSON without a key given twice, every range as long as type and
 * dims ask for, all ranges together the data exactly, no gap and no overlap. Weights are not read.
 *
 * @param bytes - The file, or its start as far as the header goes.
 * @throws {ModelError} `ERR_MODEL_FORMAT`, `ERR_MODEL_AMBIGUOUS`, `ERR_MODEL_LIMIT`, `ERR_MODEL_OPTIONS`
 * @see https://github.com/huggingface/safetensors#format
 */
export function inspectSafetensors(
  bytes: Uint8Array,
  options: InspectSafetensorsOptions = {},
): SafetensorsReport {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) {
    throw new ModelError('ERR_MODEL_OPTIONS', `options: ${z.prettifyError(parsed.error)}`);
  }
  const { fileBytes = bytes.length, maxHeaderBytes } = parsed.data;
  if (bytes.length < 8) throw malformed('at least 8 bytes', `${bytes.length}`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const limit = Math.min(maxHeaderBytes, FORMAT_HEADER_BYTES);
  if (length > fileBytes - 8) throw malformed('a header inside the file', `a length of ${length}`);
  if (length > limit) {
    throw new ModelError('ERR_MODEL_LIMIT', `expected a header of at most ${limit} bytes, found ${length}`);
  }
  if (length > bytes.length - 8) throw malformed('the whole header', `${bytes.length - 8} bytes of it`);
  const header = parseHeader(bytes.subarray(8, 8 + length));
  const { tensors, metadata } = readHeader(header, 8 + length, fileBytes);
  const total = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  return {
    format: 'safetensors',
    bytes: fileBytes,
    headerBytes: length,
    tensors,
    metadata,
    parameters: { tensors: tensors.length, bytes: total },
  };
}

function parseHeader(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  if (bytes[0] !== 0x7b) throw malformed('a header that starts with "{"', 'another byte');
  if (!isUtf8(bytes)) throw malformed('a header in UTF-8', 'other bytes');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  let header: unknown;
  try {
    header = parseStrictJson(text);
  } catch (cause) {
    const isTwice = cause instanceof SyntaxError && /twice|__proto__/.test(cause.message);
    const code = isTwice ? 'ERR_MODEL_AMBIGUOUS' : 'ERR_MODEL_FORMAT';
    throw new ModelError(code, 'expected a header in JSON with every key once, found another', { cause });
  }
  checkNumbers(text);
  return header as Readonly<Record<string, unknown>>;
}

/** `1.0` and `1e3` are integers to some parsers and errors to others: outside strings only plain digits may stand. */
function checkNumbers(text: string): void {
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (character === '"') {
      for (index++; text[index] !== '"'; index++) if (text[index] === '\\') index++;
    } else if (!/[\s{}[\],:0-9]/.test(character)) {
      throw malformed('plain whole numbers', JSON.stringify(character));
    }
  }
}

function readHeader(
  header: Readonly<Record<string, unknown>>,
  dataStart: number,
  fileBytes: number,
): Pick<SafetensorsReport, 'tensors' | 'metadata'> {
  const tensors: SafetensorsTensor[] = [];
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') metadata = readMetadata(entry);
    else if (tensors.length === MAX_TENSORS) {
      throw new ModelError('ERR_MODEL_LIMIT', `expected at most ${MAX_TENSORS} tensors, found more`);
    } else tensors.push(readTensor(name, entry, dataStart));
  }
  tensors.sort((a, b) => a.offset - b.offset || a.bytes - b.bytes);
  let end = dataStart;
  let previous: SafetensorsTensor | undefined;
  for (const tensor of tensors) {
    if (tensor.offset !== end) {
      const found = tensor.offset < end ? 'an overlap' : 'a gap';
      throw malformed('ranges that follow one another', `${found} before ${quoted(tensor.name)}`);
    }
    if (tensor.bytes === 0 && previous?.offset === tensor.offset) {
      throw malformed('no two tensors at one place', quoted(tensor.name));
    }
    end = tensor.offset + tensor.bytes;
    previous = tensor;
  }
  if (end !== fileBytes)
    throw malformed(`data to byte ${fileBytes}, the end of the file`, `it ends at ${end}`);
  return { tensors, metadata };
}

function readMetadata(entry: unknown): Readonly<Record<string, string>> {
  if (!isObject(entry) || !Object.values(entry).every((value) => typeof value === 'string')) {
    throw malformed('metadata of strings', 'something else');
  }
  if (Object.keys(entry).length > MAX_METADATA_ENTRIES) {
    throw new ModelError(
      'ERR_MODEL_LIMIT',
      `expected at most ${MAX_METADATA_ENTRIES} entries of metadata, found more`,
    );
  }
  return entry as Readonly<Record<string, string>>;
}

function readTensor(name: string, entry: unknown, dataStart: number): SafetensorsTensor {
  if (name === '' || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw malformed(`names of 1 to ${MAX_NAME_BYTES} bytes`, 'another');
  }
  if (!isObject(entry) || Object.keys(entry).sort().join() !== 'data_offsets,dtype,shape') {
    throw malformed(`dtype, shape and data_offsets for ${quoted(name)}`, 'other keys');
  }
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = entry as Readonly<Record<string, unknown>> & {
    dtype: unknown;
    shape: unknown;
    data_offsets: unknown;
  };
  const bits = typeof dtype === 'string' ? DTYPE_BITS.get(dtype) : undefined;
  if (bits === undefined) throw malformed(`a type for ${quoted(name)}`, 'one the format has not');
  if (!isIntegers(shape) || shape.length > MAX_RANK) {
    throw malformed(`at most ${MAX_RANK} dimensions of at least 0 for ${quoted(name)}`, 'others');
  }
  if (!isIntegers(offsets) || offsets.length !== 2) {
    throw malformed(`two offsets for ${quoted(name)}`, 'others');
  }
  const [start, end] = offsets as readonly [number, number];
  const elements = shape.includes(0) ? 0 : shape.reduce((product, dim) => product * dim, 1);
  const expected = (elements * bits) / 8;
  if (!Number.isSafeInteger(expected) || end - start !== expected) {
    throw malformed(`${expected} bytes for the dimensions of ${quoted(name)}`, `${end - start}`);
  }
  return { name, dtype: dtype as string, dims: shape, offset: dataStart + start, bytes: expected };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIntegers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 80)).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}

function malformed(expected: string, found: string): ModelError {
  return new ModelError('ERR_MODEL_FORMAT', `safetensors: expected ${expected}, found ${found}`);
}
