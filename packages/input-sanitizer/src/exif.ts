import type { Orientation } from './image-header.ts';

const TAG_ORIENTATION = 0x0112;
const TYPE_SHORT = 3;

/**
 * Finds the orientation in an EXIF block: a TIFF header, with or without `Exif\0\0` before it.
 * Lenient on purpose: EXIF is a hint, so whatever cannot be read means 1 (upright) and never an error.
 *
 * @see Exif 2.32, section 4.6.2 (IFD structure) and tag 0x0112
 */
export function parseExifOrientation(block: Uint8Array): Orientation {
  const hasPrefix = block[0] === 0x45 && block[1] === 0x78 && block[2] === 0x69 && block[3] === 0x66;
  const tiff = hasPrefix ? block.subarray(6) : block;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (view.byteLength < 8) return 1;
  const byteOrder = view.getUint16(0);
  if (byteOrder !== 0x4949 && byteOrder !== 0x4d4d) return 1;
  const little = byteOrder === 0x4949;
  if (view.getUint16(2, little) !== 42) return 1;
  const directory = view.getUint32(4, little);
  if (directory + 2 > view.byteLength) return 1;
  const entries = view.getUint16(directory, little);
  for (let index = 0; index < entries; index++) {
    const entry = directory + 2 + index * 12;
    if (entry + 12 > view.byteLength) return 1;
    if (view.getUint16(entry, little) !== TAG_ORIENTATION) continue;
    if (view.getUint16(entry + 2, little) !== TYPE_SHORT || view.getUint32(entry + 4, little) !== 1) return 1;
    return asOrientation(view.getUint16(entry + 8, little));
  }
  return 1;
}

function asOrientation(value: number): Orientation {
  return value >= 1 && value <= 8 ? (value as Orientation) : 1;
}
