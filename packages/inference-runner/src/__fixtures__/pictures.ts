import sharp from 'sharp';
import type { RgbImage } from '../image.ts';
import type { Tensor } from '../tensor.ts';

/** Folder of the sample pictures, with their notices. */
export const SAMPLES = new URL('../../../../samples/', import.meta.url);

export async function readPicture(file: URL | Uint8Array): Promise<RgbImage> {
  const input = file instanceof URL ? file.pathname : file;
  const { data, info } = await sharp(input)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: 3, data: new Uint8Array(data) };
}

/** A light sheet with nothing on it. */
export async function emptySheet(width: number, height: number): Promise<RgbImage> {
  const sheet = sharp({ create: { width, height, channels: 3, background: '#f4f1e8' } });
  return readPicture(await sheet.png().toBuffer());
}

/** Turns a picture clockwise; what lies outside becomes grey. */
export async function turnPicture(image: RgbImage, degrees: number): Promise<RgbImage> {
  const { width, height, channels, data } = image;
  const turned = await sharp(data, { raw: { width, height, channels } })
    .rotate(degrees, { background: '#ccc' })
    .png()
    .toBuffer();
  return readPicture(turned);
}

/** What a caller makes for the detector: a stretched copy with the mean and deviation of ImageNet. */
export async function toDetectionInput(
  { width, height, channels, data }: RgbImage,
  longSide: number,
): Promise<{ detectionInput: Tensor; scaleX: number; scaleY: number }> {
  const scale = longSide / Math.max(width, height);
  const fit = (side: number): number => Math.max(32, Math.round((side * scale) / 32) * 32);
  const [inputWidth, inputHeight] = [fit(width), fit(height)];
  const pixels = await sharp(data, { raw: { width, height, channels } })
    .resize(inputWidth, inputHeight, { fit: 'fill', kernel: 'linear' })
    .raw()
    .toBuffer();
  const plane = inputWidth * inputHeight;
  const tensor = new Float32Array(3 * plane);
  const mean = [0.485, 0.456, 0.406];
  const deviation = [0.229, 0.224, 0.225];
  for (let index = 0; index < tensor.length; index++) {
    const channel = Math.floor(index / plane);
    tensor[index] = (pixels[(index % plane) * 3 + channel]! / 255 - mean[channel]!) / deviation[channel]!;
  }
  return {
    detectionInput: { type: 'float32', dims: [1, 3, inputHeight, inputWidth], data: tensor },
    scaleX: inputWidth / width,
    scaleY: inputHeight / height,
  };
}
