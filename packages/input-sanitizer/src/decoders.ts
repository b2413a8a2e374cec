import type { ImageFormat } from './image-header.ts';

const LOADERS: Readonly<Record<ImageFormat, string>> = {
  jpeg: 'VipsForeignLoadJpeg',
  png: 'VipsForeignLoadPng',
  webp: 'VipsForeignLoadWebp',
  gif: 'VipsForeignLoadNsgif',
};

/**
 * Blocks every decoder of this process but those of `formats`, for all code that uses sharp, until the process ends
 * or the function is called again. Call it once in a worker process of your own; this package never does.
 */
export async function restrictDecoders(formats: readonly ImageFormat[]): Promise<void> {
  const { default: sharp } = await import('sharp');
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: formats.map((format) => LOADERS[format]) });
}
