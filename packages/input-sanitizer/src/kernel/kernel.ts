// The inner loops of the Pillow resamplers in WebAssembly with 128-bit SIMD, assembled here so that every byte of them
// can be read. They add up exactly what the JavaScript loops add up, in wrapping 32-bit integers: equal to the last bit.
import { assembleModule } from './assembler.ts';
import { columnLoop } from './column-loop.ts';
import { rowLoop } from './row-loop.ts';

/** Fixed-point digits of a coefficient: 32 bits less 8 of a pixel and 2 of headroom, as in Pillow. */
export const PRECISION_BITS = 22;

/** Memory of a WebAssembly module. Growing it, in pages of 64 KiB, makes the old buffer unusable. */
interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part of WebAssembly used here: TypeScript knows it only together with all of a browser. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** The loops and the memory they work in. All places and lengths are in bytes. */
export interface Kernel {
  readonly memory: KernelMemory;
  /** @see {@link rowLoop} */
  rows(
    source: number,
    rowBytes: number,
    rows: number,
    columns: number,
    weights: number,
    width: number,
    target: number,
  ): void;
  /** @see {@link columnLoop} */
  columns(
    source: number,
    rowBytes: number,
    weights: number,
    weightsEnd: number,
    target: number,
    targetEnd: number,
  ): void;
}

/** The loops read and write whole vectors, so up to this much past what they are told. */
export const MARGIN_BYTES = 32;

/** The kernel keeps its memory; a job that needs more is cut into parts, or runs without it. */
const MAX_BYTES = 16 * 1024 * 1024;
const PAGE_BYTES = 64 * 1024;

let shared: Kernel | null | undefined;

/** The kernel of this process, made when first needed; `null` where it cannot be. */
export function sharedKernel(): Kernel | null {
  if (shared === undefined) shared = createKernel(PRECISION_BITS);
  return shared;
}

/** @returns `null` where this process may not compile WebAssembly, or its processor knows no SIMD. */
export function createKernel(precisionBits: number): Kernel | null {
  const { WebAssembly: engine } = globalThis as unknown as { readonly WebAssembly?: Engine };
  if (!engine) return null;
  try {
    const module = new engine.Module(assembleModule([rowLoop(precisionBits), columnLoop(precisionBits)]));
    return new engine.Instance(module).exports as Kernel;
  } catch {
    return null;
  }
}

/** Grows the memory to `bytes`. @returns False, with nothing done, if that is more than the kernel may keep. */
export function reserve({ memory }: Kernel, bytes: number): boolean {
  if (bytes > MAX_BYTES) return false;
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  return true;
}
