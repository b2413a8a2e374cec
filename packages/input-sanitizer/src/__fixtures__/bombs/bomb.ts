import type { InputErrorCode } from '../../errors.ts';
import type { FindingCode } from '../../finding.ts';

/** One hostile or odd file, and what becomes of it under the default limits with four formats and sixteen frames. */
export interface Bomb {
  readonly name: string;
  /** Writes it, byte by byte: none is stored. */
  readonly make: () => Uint8Array;
  /** The code it is refused with, or the findings it passes with. */
  readonly outcome: InputErrorCode | readonly FindingCode[];
}

export function text(latin1: string): Buffer {
  return Buffer.from(latin1, 'latin1');
}

export function times(count: number, piece: Uint8Array): Buffer {
  return Buffer.concat(Array<Uint8Array>(count).fill(piece));
}

/** A directory of the most entries there can be, the first of which says where it lies itself. */
export const ENDLESS_EXIF = Buffer.concat([
  text('II*\0\x08\0\0\0\xff\xff\x69\x87\x04\0\x01\0\0\0\x08\0\0\0'),
  Buffer.alloc(60_000, 0xff),
]);
export const HTML = text('<html><script>alert(1)</script></html>');
export const ZIP = text('PK\x03\x04\x14\0\0\0\0\0 hidden.txt PK\x05\x06');
