// The few instructions of WebAssembly and its 128-bit SIMD that the kernels need, as bytes.
// @see WebAssembly Core Specification 2.0, section 5.4 (instructions) and 5.5 (modules)

/** Machine code, or a part of it. */
export type Code = readonly number[];

const I32 = 0x7f;
const V128 = 0x7b;
const VOID = 0x40;
const LOOP = 0x03;
const END = 0x0b;
const BR_IF = 0x0d;

export const I32_LT_U = 0x49;
export const I32_ADD = 0x6a;
export const I32_SUB = 0x6b;
export const I32_MUL = 0x6c;
export const I32_SHL = 0x74;
export const I32_GT_S = 0x4a;
/** The first of two values where the third is not zero, otherwise the second. */
export const SELECT = 0x1b;

export const get = (local: number): Code => [0x20, local];
export const set = (local: number): Code => [0x21, local];
export const tee = (local: number): Code => [0x22, local];
export const constant = (value: number): Code => [0x41, ...signedLeb(value)];
export const loadI32 = (offset = 0): Code => [0x28, 2, ...unsignedLeb(offset)];

/** SIMD instructions are numbered in LEB128 after a prefix byte. */
const simd = (code: number, ...immediates: number[]): Code => [0xfd, ...unsignedLeb(code), ...immediates];

export const loadVector = (offset = 0): Code => simd(0x00, 0, ...unsignedLeb(offset));
export const storeVector = simd(0x0b, 0, 0);
export const load32Splat = (offset: number): Code => simd(0x09, 2, ...unsignedLeb(offset));
export const store16Lane0 = simd(0x59, 0, 0, 0);
export const store8Lane2 = simd(0x58, 0, 2, 2);
/** Bytes of two vectors in turn: the first eight of each, and the last eight of each. */
export const interleaveLow = simd(0x0d, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
export const interleaveHigh = simd(0x0d, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
const splatI32 = simd(0x11);
export const lowBytesToI16 = simd(0x89);
export const highBytesToI16 = simd(0x8a);
/** Products of 16-bit lanes, added in pairs to 32 bits. */
export const dotI16 = simd(0xba);
export const addI32 = simd(0xae);
export const shiftLeftI32 = simd(0xab);
export const shiftRightI32 = simd(0xac);
/** Both saturate. */
export const narrowToI16 = simd(0x85);
export const narrowToBytes = simd(0x66);

/** A loop that runs at least once; the last part leaves on the stack whether to go on. */
export function repeat(...parts: readonly Code[]): Code {
  return [LOOP, VOID, ...parts.flat(), BR_IF, 0, END];
}

/** One value for all lanes of several vectors. */
export function fill([first, ...rest]: readonly number[], value: number): Code {
  return [...constant(value), ...splatI32, ...rest.flatMap((local) => tee(local)), ...set(first!)];
}

export function increase(local: number, by: Code): Code {
  return [...get(local), ...by, I32_ADD, ...set(local)];
}

/** A function without a result. Its parameters are the first locals, all of 32 bits; then words, then vectors. */
export interface FunctionCode {
  readonly name: string;
  readonly parameters: number;
  readonly words: number;
  readonly vectors: number;
  readonly body: Code;
}

/** A module with one memory of one page, `memory`, and functions, all exported. */
export function assembleModule(functions: readonly FunctionCode[]): Uint8Array {
  const section = (id: number, entries: readonly Code[]): Code => [
    id,
    ...sized([...unsignedLeb(entries.length), ...entries.flat()]),
  ];
  const name = (text: string): Code => sized([...Buffer.from(text)]);
  const types = functions.map(({ parameters }) => [
    0x60,
    parameters,
    ...Array<number>(parameters).fill(I32),
    0,
  ]);
  const bodies = functions.map(({ words, vectors, body }) =>
    sized([2, words, I32, vectors, V128, ...body, END]),
  );
  return Uint8Array.from([
    ...Buffer.from('\0asm'),
    ...[1, 0, 0, 0],
    ...section(1, types),
    ...section(
      3,
      functions.map((_, index) => [index]),
    ),
    ...section(5, [[0, 1]]),
    ...section(7, [
      [...name('memory'), 2, 0],
      ...functions.map((code, index) => [...name(code.name), 0, index]),
    ]),
    ...section(10, bodies),
  ]);
}

function sized(content: Code): Code {
  return [...unsignedLeb(content.length), ...content];
}

function unsignedLeb(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsignedLeb(value >>> 7)];
}

function signedLeb(value: number): Code {
  const fits = value >= -64 && value < 64;
  return fits ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signedLeb(value >> 7)];
}
