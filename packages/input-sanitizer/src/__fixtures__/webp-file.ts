const u24 = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255];

export function riffChunk(type: string, ...content: Uint8Array[]): Buffer {
  const data = Buffer.concat(content);
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
}

export function webpFile(...chunks: Uint8Array[]): Buffer {
  const body = Buffer.concat([Buffer.from('WEBP'), ...chunks]);
  const head = Buffer.from('RIFF\0\0\0\0');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}

/** An extended header. 0x02 is animation, 0x10 alpha. */
export function vp8x(width: number, height: number, flags: number): Buffer {
  return riffChunk('VP8X', Buffer.from([flags, 0, 0, 0, ...u24(width - 1), ...u24(height - 1)]));
}

/** A lossless picture of one colour: no transform, no cache, five prefix codes of a single symbol each. */
export function vp8l(width: number, height: number): Buffer {
  const head = Buffer.alloc(5);
  head[0] = 0x2f;
  head.writeUInt32LE(((width - 1) | ((height - 1) << 14)) >>> 0, 1);
  // 0: no transform; 0: no colour cache; 0: no meta codes; then five times a simple code (1) of one symbol (0) in one
  // bit (0) that is 0. RFC 9649, section 3.7.2.1.1.
  const bits = `000${'1000'.repeat(5)}`;
  const data = Buffer.alloc(8);
  for (let index = 0; index < bits.length; index++) {
    data[index >> 3] = data[index >> 3]! | (Number(bits[index]) << (index & 7));
  }
  return riffChunk('VP8L', head, data);
}

/** A frame at an even offset. */
export function anmf(
  x: number,
  y: number,
  width: number,
  height: number,
  picture = vp8l(width, height),
): Buffer {
  const head = [...u24(x / 2), ...u24(y / 2), ...u24(width - 1), ...u24(height - 1), ...u24(40), 0];
  return riffChunk('ANMF', Buffer.from(head), picture);
}
