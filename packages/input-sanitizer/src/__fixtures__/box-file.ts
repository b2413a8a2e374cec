/** A box of an ISO base media file: its length, its type, its content. */
export function box(type: string, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), ...content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
}

export const u32 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, index * 4));
  return bytes;
};

/** The sides of one picture. */
export const ispe = (width: number, height: number): Buffer => box('ispe', u32(0, width, height));

/** The start of an AVIF or HEIF with these properties, as far as anybody reads it without decoding. */
export function boxFile(brand: string, ...properties: Buffer[]): Buffer {
  const types = box('ftyp', Buffer.from(brand), u32(0), Buffer.from(`mif1${brand}`));
  return Buffer.concat([types, box('meta', u32(0), box('iprp', box('ipco', ...properties)))]);
}
