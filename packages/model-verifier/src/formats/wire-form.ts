/**
 * Whether bytes cannot be a protobuf message, and so no ONNX model, whatever follows them. Says so only of what every
 * reader refuses: a field without a number, or of a wire type that there is none of.
 *
 * @param start - The first bytes of a file, or all of them. Where they end inside a field nothing is ruled out.
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function isNeverProtobuf(start: Uint8Array): boolean {
  for (let at = 0; at < start.length;) {
    const tag = readVarint(start, at);
    if (tag === undefined) return false;
    const wireType = tag.low & 7;
    if (tag.low >>> 3 === 0 || wireType > 5) return true;
    at = tag.end;
    if (wireType === 0) {
      const value = readVarint(start, at);
      if (value === undefined) return false;
      at = value.end;
    } else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = readVarint(start, at);
      if (length === undefined) return false;
      at = length.end + length.low;
    }
    // Groups have no length: what is inside them is fields like others.
  }
  return false;
}

/** The lowest 32 bits of a number of up to ten bytes; `undefined` if it does not end there. */
function readVarint(bytes: Uint8Array, from: number): { low: number; end: number } | undefined {
  let low = 0;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[from + index];
    if (byte === undefined) return undefined;
    if (index < 5) low = (low | ((byte & 0x7f) << (7 * index))) >>> 0;
    if (byte < 0x80) return { low, end: from + index + 1 };
  }
  return undefined;
}
