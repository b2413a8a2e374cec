import { checkMaxBytes, refuseSize } from './byte-collector.ts';
import { SanitizeError } from './errors.ts';
import { fromStream } from './from-stream.ts';
import type { ByteStream, FromStreamOptions } from './from-stream.ts';
import { checkOptions } from './parse-options.ts';

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
  checkOptions(options);
  checkMaxBytes(options.maxBytes);
  const { size } = checkBlob(blob);
  if (size > options.maxBytes) throw refuseSize(options.maxBytes, size);
  return await fromStream(openBlob(blob), options);
}

/** A field of a form is a text unless it is a file, and no type stops every caller. */
function checkBlob(blob: unknown): { readonly size: number } {
  const { size, stream } = (blob ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof size === 'number' && typeof stream === 'function') return { size };
  throw new SanitizeError('ERR_INPUT_SPEC', 'expected a Blob or File, found something else');
}

function openBlob(blob: BlobSource): ByteStream {
  try {
    return blob.stream();
  } catch (cause) {
    throw new SanitizeError(
      'ERR_INPUT_UNREADABLE',
      'expected a blob that can be read, found one that failed',
      {
        cause,
      },
    );
  }
}
