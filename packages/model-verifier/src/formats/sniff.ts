import { isPickle } from './pickle.ts';

/** What a file is, by its bytes. */
export type ModelFormat =
  | 'onnx'
  | 'safetensors'
  | 'mxnet-params'
  | 'pickle'
  | 'zip'
  | 'gzip'
  | 'tar'
  | 'hdf5'
  | 'gguf'
  | 'tflite'
  | 'unknown';

/** Names inside a zip that only loaders of pickles look for. */
const PICKLED_NAME = /(?:^|\/)(?:data\.pkl|constants\.pkl|[^/]*\.(?:pkl|pickle|joblib|dill))$/i;

/**
 * Says what a file is, by its bytes alone. What could be a pickle is called one: it runs code when it is loaded.
 *
 * @param bytes - The whole file: a zip keeps its list of names at the end.
 */
export function sniffModelFormat(bytes: Uint8Array): ModelFormat {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = (text: string, at = 0): boolean => buffer.toString('latin1', at, at + text.length) === text;
  if (isPickle(buffer)) return 'pickle';
  if (starts('PK\x03\x04') || starts('PK\x05\x06')) return holdsPickle(buffer) ? 'pickle' : 'zip';
  // An array of objects is a pickle behind a header.
  if (starts('\x93NUMPY'))
    return /\|O|object/.test(buffer.toString('latin1', 0, 65_536)) ? 'pickle' : 'unknown';
  const format = sniffStart(buffer);
  if (format !== undefined) return format;
  // A pickle of protocol 2 or later that was cut, or holds an opcode of a later one.
  if (buffer[0] === 0x80 && buffer[1]! >= 2 && buffer[1]! <= 5) return 'pickle';
  // Field 1 (ir_version), or any other that a writer puts first; what follows is for the inspector.
  return isOnnx(buffer) ? 'onnx' : 'unknown';
}

/**
 * The format whose mark a file starts with; `undefined` if it is none of those that start with one.
 *
 * @param start - The first bytes.
 * @param fileBytes - Size of the whole file.
 */
export function sniffStart(start: Uint8Array, fileBytes: number = start.length): ModelFormat | undefined {
  const buffer = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  const starts = (text: string, at = 0): boolean => buffer.toString('latin1', at, at + text.length) === text;
  if (starts('\x1f\x8b')) return 'gzip';
  if (starts('\x89HDF\r\n\x1a\n')) return 'hdf5';
  if (starts('GGUF')) return 'gguf';
  if (starts('TFL3', 4)) return 'tflite';
  if (starts('ustar', 257)) return 'tar';
  if (starts('\x12\x01\0\0\0\0\0\0')) return 'mxnet-params';
  if (isSafetensors(buffer, fileBytes)) return 'safetensors';
  return undefined;
}

/** Looks through the list of names at the end of a zip, and through the headers in front of each file. */
function holdsPickle(buffer: Buffer): boolean {
  for (const [signature, lengthAt, nameAt] of [
    ['PK\x01\x02', 28, 46],
    ['PK\x03\x04', 26, 30],
  ] as const) {
    let at = buffer.indexOf(signature, 0, 'latin1');
    // A file that repeats the signature for long is read no further: the extractor refuses it.
    for (let seen = 0; at !== -1 && at + nameAt <= buffer.length && seen < 100_000; seen++) {
      const length = buffer.readUInt16LE(at + lengthAt);
      if (PICKLED_NAME.test(buffer.toString('latin1', at + nameAt, at + nameAt + length))) return true;
      at = buffer.indexOf(signature, at + 4, 'latin1');
    }
  }
  return false;
}

function isSafetensors(buffer: Buffer, fileBytes: number): boolean {
  if (buffer.length < 10 || buffer[8] !== 0x7b) return false;
  return buffer.readBigUInt64LE(0) <= BigInt(fileBytes - 8);
}

/** A first field that ModelProto has, of its own wire type. */
function isOnnx(buffer: Buffer): boolean {
  const tag = buffer[0];
  return tag !== undefined && [0x08, 0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72].includes(tag);
}
