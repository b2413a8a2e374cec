/** Smaller buffers are left to the garbage collector, which they do not hurry. */
const LEAST_BYTES = 64 * 1024;

/** What every supported Node has, and the types of ES2023 do not know yet. */
interface Transferable extends ArrayBuffer {
  readonly detached: boolean;
  transfer(length: number): ArrayBuffer;
}

/**
 * Gives back the memory of pixels that nobody will look at again; their array is empty afterwards.
 *
 * A decoded picture is megabytes outside of the collector's heap, and only a full collection would free them: a few
 * pictures force one, which takes as long as decoding one.
 *
 * @param data - Our own: no caller may hold it. Left alone where it is a part of something larger.
 */
export function releasePixels({ buffer, length }: Uint8Array): void {
  if (length < LEAST_BYTES || length !== buffer.byteLength || !isTransferable(buffer)) return;
  buffer.transfer(0);
}

function isTransferable(buffer: ArrayBufferLike): buffer is Transferable {
  return buffer instanceof ArrayBuffer && 'transfer' in buffer;
}
