/** One directory of a TIFF: tag, type (3 is short, 4 long), how many, and the value or its offset. */
export type TiffEntry = readonly [tag: number, type: number, count: number, value: number];

export const WIDTH = 256;
export const HEIGHT = 257;

/**
 * A TIFF of directories that follow each other.
 *
 * @param last - What the last directory names as the next one.
 */
export function tiffFile(little: boolean, directories: readonly (readonly TiffEntry[])[], last = 0): Buffer {
  const bytes: number[] = little ? [0x49, 0x49] : [0x4d, 0x4d];
  const put = (value: number, length: number) => {
    for (let index = 0; index < length; index++) {
      bytes.push((value >>> (8 * (little ? index : length - 1 - index))) & 255);
    }
  };
  put(42, 2);
  put(8, 4);
  directories.forEach((entries, index) => {
    put(entries.length, 2);
    for (const [tag, type, count, value] of entries) {
      put(tag, 2);
      put(type, 2);
      put(count, 4);
      // A short that stands alone lies in the first two of four bytes.
      if (type === 3 && count === 1) {
        put(value, 2);
        put(0, 2);
      } else put(value, 4);
    }
    put(index === directories.length - 1 ? last : bytes.length + 4, 4);
  });
  return Buffer.from(bytes);
}
