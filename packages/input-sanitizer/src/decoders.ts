import { z } from 'zod';
import { IMAGE_FORMATS } from './image-header.ts';
import type { ImageFormat } from './image-header.ts';
import { parseOptions } from './parse-options.ts';

const LOADERS: Readonly<Record<ImageFormat, string>> = {
  jpeg: 'VipsForeignLoadJpeg',
  png: 'VipsForeignLoadPng',
  webp: 'VipsForeignLoadWebp',
  gif: 'VipsForeignLoadNsgif',
};

/**
 * Blocks every decoder of this process but those of `formats`, for all code that uses sharp, until the process ends
 * or the function is called again. Call it once in a worker process of your own; this package never does.
 *
 * @throws {SanitizeError} `ERR_INPUT_SPEC` for a format that there is not; nothing is blocked then.
 */
export async function restrictDecoders(formats: readonly ImageFormat[]): Promise<void> {
  const allowed = parseOptions(formatsSchema, formats, 'a list of formats');
  const { default: sharp } = await import('sharp');
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: allowed.map((format) => LOADERS[format]) });
}

const formatsSchema = z.array(z.enum(IMAGE_FORMATS));

/** Whether this process cannot even read a picture of its own making: then no stranger's picture is to blame. */
export async function isDecoderBlocked(format: ImageFormat): Promise<boolean> {
  const { default: sharp } = await import('sharp');
  const sample = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'black' } })
    .toFormat(format)
    .toBuffer();
  return await sharp(sample)
    .metadata()
    .then(
      () => false,
      () => true,
    );
}
