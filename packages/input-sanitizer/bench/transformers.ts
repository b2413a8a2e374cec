import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** The part of `@huggingface/transformers` that is compared: a picture's bytes to normalised values. */
interface Transformers {
  readonly RawImage: { fromBlob(blob: Blob): Promise<object> };
  readonly CLIPImageProcessor: new (
    config: object,
  ) => (image: object) => Promise<{ readonly pixel_values: { readonly data: Float32Array } }>;
}

/** Installed in `bench/peers` alone, so it is no dependency of the package and is looked up by name. */
const LIBRARY = '@huggingface/transformers';

/** Makes values of a picture, channel by channel. */
export type Preprocess = (bytes: Uint8Array) => Promise<Float32Array>;

/**
 * Its preprocessing by one config, on one thread like the rest; nothing where `bench/peers` is not installed.
 *
 * @param config - A `preprocessor_config.json`.
 */
export async function loadTransformers(config: object): Promise<Preprocess | undefined> {
  const require = createRequire(new URL('./peers/package.json', import.meta.url));
  let library: Transformers;
  try {
    const path = require.resolve(LIBRARY);
    library = (await import(pathToFileURL(path).href)) as Transformers;
  } catch {
    return undefined;
  }
  const sharp = require('sharp') as { concurrency(threads: number): number; cache(on: boolean): object };
  sharp.concurrency(1);
  sharp.cache(false);
  const processor = new library.CLIPImageProcessor(config);
  return async (bytes) => {
    const image = await library.RawImage.fromBlob(new Blob([bytes]));
    const { pixel_values: values } = await processor(image);
    return values.data;
  };
}
