import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { Orientation } from './image-header.ts';
import { uprightImage } from './orientation.ts';

const width = 3;
const height = 2;
const data = Uint8Array.from({ length: width * height * 3 }, (_, index) => index);

it.each([1, 2, 3, 4, 5, 6, 7, 8] as const)(
  'stands orientation %d upright as sharp does',
  async (orientation: Orientation) => {
    const tagged = await sharp(data, { raw: { width, height, channels: 3 } })
      .withMetadata({ orientation })
      .png()
      .toBuffer();
    const reference = await sharp(tagged).autoOrient().raw().toBuffer({ resolveWithObject: true });
    const upright = uprightImage({ width, height, channels: 3, data }, orientation);
    expect(upright).toMatchObject({ width: reference.info.width, height: reference.info.height });
    expect(Array.from(upright.data)).toEqual(Array.from(reference.data));
  },
);
