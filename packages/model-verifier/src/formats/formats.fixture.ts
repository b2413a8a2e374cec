// Files of other formats, written byte by byte.

/** A safetensors file: its header as given, and so many zero bytes of data. */
export function safetensors(header: unknown, dataBytes: number, headerBytes?: number): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(headerBytes ?? text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}

export interface ArrayParts {
  readonly magic?: number;
  readonly storage?: number;
  readonly dims?: readonly number[];
  readonly rank?: number;
  readonly device?: readonly [type: number, id: number];
  readonly type?: number;
  readonly dataBytes?: number;
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
}

function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

/** One array as MXNet saves it. */
export function mxnetArray({
  magic = 0xf993fac9,
  storage = 0,
  dims = [2],
  rank = dims.length,
  device = [1, 0],
  type = 0,
  dataBytes,
}: ArrayParts = {}): Buffer {
  const elements = dims.reduce((product, dim) => product * dim, 1);
  return Buffer.concat([
    i32(magic),
    ...(magic === 0xf993fac8 ? [] : [i32(storage)]),
    i32(rank),
    ...dims.map(u64),
    i32(device[0]),
    i32(device[1]),
    i32(type),
    Buffer.alloc(dataBytes ?? elements * 4),
  ]);
}

/** A `.params` file. */
export function mxnetParams(
  arrays: readonly Buffer[],
  names: readonly string[],
  {
    magic = 0x112,
    reserved = 0,
    count = arrays.length,
  }: { magic?: number; reserved?: number; count?: number } = {},
): Uint8Array {
  return Buffer.concat([
    u64(magic),
    u64(reserved),
    u64(count),
    ...arrays,
    u64(names.length),
    ...names.flatMap((name) => [u64(Buffer.byteLength(name)), Buffer.from(name)]),
  ]);
}
