import { checkMaxBytes, refuseSize } from './byte-collector.ts';
import { fromStream } from './from-stream.ts';
import type { ByteStream, FromStreamOptions } from './from-stream.ts';

/** The part of a `Blob` or `File` used here. Its name and media type have no say. */
export interface BlobSource {
  /** Length in bytes. */
  readonly size: number;
  stream(): ByteStream;
}

/**
 * Reads a `Blob` or `File`, for example from `FormData` or `openAsBlob`. Its size is looked at first; while reading,
 * bytes are counted all the same.
 *
 * @throws {SanitizeError} What {@link fromStream} throws.
 */
export async function fromBlob(blob: BlobSource, options: FromStreamOptions): Promise<Uint8Array> {
  checkMaxBytes(options.maxBytes);
  if (blob.size > options.maxBytes) throw refuseSize(options.maxBytes, blob.size);
  return await fromStream(blob.stream(), options);
}
