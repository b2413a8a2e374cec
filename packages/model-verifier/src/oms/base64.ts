/**
 * Decodes base64 of either alphabet, padded or not, as DSSE and the JSON form of protobuf allow.
 *
 * `Buffer.from` skips what it does not know; here one text stands for one value, so nothing can hide in it.
 *
 * @returns The bytes, or `undefined` if the text is not base64 or has bits left over.
 * @see RFC 4648, sections 3.2 to 3.5, 4 and 5
 */
export function decodeBase64(text: string): Buffer | undefined {
  const plain = text.replace(/={1,2}$/, '');
  const bytes = Buffer.from(plain, 'base64');
  // Padding, where there is any, must be the right one; and the bytes must spell the same text.
  if (plain !== text && text.length % 4 !== 0) return undefined;
  const standard = bytes.toString('base64').replace(/=+$/, '');
  if (plain === standard || plain === bytes.toString('base64url')) return bytes;
  return undefined;
}
