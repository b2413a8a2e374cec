// The inner loop of the Pillow resamplers in WebAssembly with 128-bit SIMD, assembled here so that every byte of it can
// be read. One pixel's red, green and blue are three of four 32-bit lanes, in the same integer arithmetic as in
// `resample-pil.ts`: a lane holds exactly what the JavaScript loop holds, so the results are equal to the last bit.

/** Where things lie in the kernel's memory, in bytes. All counts and starts are in bytes, too. */
export interface RowJob {
  /** First source row; one row after the other, `rowBytes` long. */
  readonly source: number;
  readonly rowBytes: number;
  readonly rows: number;
  /** `width` numbers: where in its row each target pixel's run begins. */
  readonly starts: number;
  /** `width` numbers: length of each target pixel's weights. */
  readonly counts: number;
  /** Weights of each target pixel, `stride` apart. */
  readonly weights: number;
  readonly stride: number;
  /** Target pixels per row. */
  readonly width: number;
  /** Target rows, three bytes per pixel. One byte more is written at the end. */
  readonly target: number;
}

/** Memory of a WebAssembly module. Growing it, in pages of 64 KiB, makes the old buffer unusable. */
export interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part of WebAssembly used here: TypeScript knows it only together with all of a browser. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** The kernel and the memory it works in. */
export interface RowKernel {
  readonly memory: KernelMemory;
  run(job: RowJob): void;
}

const I32 = 0x7f;
const V128 = 0x7b;
const VOID = 0x40;
const LOOP = 0x03;
const END = 0x0b;
const BR_IF = 0x0d;
const I32_LT_U = 0x49;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_SHL = 0x74;

const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const tee = (local: number): number[] => [0x22, local];
const constant = (value: number): number[] => [0x41, ...signedLeb(value)];
const loadI32 = [0x28, 2, 0];
/** SIMD instructions are numbered in LEB128 after a prefix byte. */
const simd = (code: number, ...immediates: number[]): number[] => [0xfd, ...unsignedLeb(code), ...immediates];
const load32Splat = simd(0x09, 2, 0);
const load32Zero = simd(0x5c, 0, 0);
const store32Lane0 = simd(0x5a, 0, 0, 0);
const splatI32 = simd(0x11);
const bytesToI16 = simd(0x89);
const i16ToI32 = simd(0xa9);
const multiplyI32 = simd(0xb5);
const addI32 = simd(0xae);
const shiftRightI32 = simd(0xac);
const narrowToI16 = simd(0x85);
const narrowToBytes = simd(0x66);

const PARAMETERS = [
  'source',
  'rowBytes',
  'rows',
  'starts',
  'counts',
  'weights',
  'stride',
  'width',
  'target',
] as const;
const [SOURCE, ROW_BYTES, ROWS, STARTS, COUNTS, WEIGHTS, STRIDE, WIDTH, TARGET] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const [COLUMN, FROM, WEIGHT, WEIGHT_END, COLUMN_WEIGHTS, SUM] = [9, 10, 11, 12, 13, 14];
const WORD_LOCALS = 5;

/**
 * @param precisionBits - Fixed-point digits of the weights.
 * @returns `null` where this process may not compile WebAssembly, or its processor knows no SIMD.
 */
export function createRowKernel(precisionBits: number): RowKernel | null {
  const { WebAssembly: engine } = globalThis as unknown as { readonly WebAssembly?: Engine };
  if (!engine) return null;
  try {
    const module = new engine.Module(Uint8Array.from(assemble(precisionBits)));
    const { memory, run } = new engine.Instance(module).exports as {
      memory: KernelMemory;
      run: (...values: number[]) => void;
    };
    return {
      memory,
      run: (job) => {
        run(...PARAMETERS.map((name) => job[name]));
      },
    };
  } catch {
    return null;
  }
}

/** @see WebAssembly Core Specification 2.0, section 5.5 (modules) and 5.4.8 (vector instructions) */
function assemble(precisionBits: number): number[] {
  const section = (id: number, content: readonly number[]): number[] => [id, ...sized(content)];
  const name = (text: string): number[] => sized([...Buffer.from(text)]);
  const types = [1, 0x60, PARAMETERS.length, ...PARAMETERS.map(() => I32), 0];
  const locals = [2, WORD_LOCALS, I32, 1, V128];
  return [
    ...Buffer.from('\0asm'),
    ...[1, 0, 0, 0],
    ...section(1, types),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('run'), 0, 0]),
    ...section(10, [1, ...sized([...locals, ...rowLoop(precisionBits), END])]),
  ];
}

function rowLoop(precisionBits: number): number[] {
  return repeat(
    [...constant(0), ...set(COLUMN), ...get(WEIGHTS), ...set(COLUMN_WEIGHTS)],
    columnLoop(precisionBits),
    increase(SOURCE, get(ROW_BYTES)),
    [...get(ROWS), ...constant(1), I32_SUB, ...tee(ROWS)],
  );
}

function columnLoop(precisionBits: number): number[] {
  return repeat(
    [...get(SOURCE), ...get(STARTS), ...get(COLUMN), I32_ADD, ...loadI32, I32_ADD, ...set(FROM)],
    [...get(COLUMN_WEIGHTS), ...tee(WEIGHT), ...get(COUNTS), ...get(COLUMN), I32_ADD, ...loadI32, I32_ADD],
    set(WEIGHT_END),
    [...constant(1 << (precisionBits - 1)), ...splatI32, ...set(SUM)],
    tapLoop(),
    // Both steps saturate, which is the clipping to a byte.
    [...get(TARGET), ...get(SUM), ...constant(precisionBits), ...shiftRightI32],
    [...get(SUM), ...narrowToI16, ...get(SUM), ...narrowToBytes, ...store32Lane0],
    increase(TARGET, constant(3)),
    increase(COLUMN_WEIGHTS, get(STRIDE)),
    [...increase(COLUMN, constant(4)), ...get(COLUMN), ...get(WIDTH), ...constant(2), I32_SHL, I32_LT_U],
  );
}

function tapLoop(): number[] {
  return repeat(
    [...get(SUM), ...get(FROM), ...load32Zero, ...bytesToI16, ...i16ToI32],
    [...get(WEIGHT), ...load32Splat, ...multiplyI32, ...addI32, ...set(SUM)],
    increase(FROM, constant(3)),
    [...increase(WEIGHT, constant(4)), ...get(WEIGHT), ...get(WEIGHT_END), I32_LT_U],
  );
}

/** A loop that runs at least once; the last part leaves on the stack whether to go on. */
function repeat(...parts: readonly (readonly number[])[]): number[] {
  return [LOOP, VOID, ...parts.flat(), BR_IF, 0, END];
}

function increase(local: number, by: readonly number[]): number[] {
  return [...get(local), ...by, I32_ADD, ...set(local)];
}

function sized(content: readonly number[]): number[] {
  return [...unsignedLeb(content.length), ...content];
}

function unsignedLeb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsignedLeb(value >>> 7)];
}

function signedLeb(value: number): number[] {
  const fits = value >= -64 && value < 64;
  return fits ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signedLeb(value >> 7)];
}
