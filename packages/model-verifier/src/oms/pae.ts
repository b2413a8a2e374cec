/** The only payload type that a model signature has. */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/**
 * The bytes that a DSSE signature is made over.
 *
 * @see DSSE protocol v1.0, "PAE definition"
 */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/**
 * The bytes that version 0.2 of the reference implementation signed by mistake: another version word, and the payload
 * as Python prints a `bytes` value.
 */
export function legacyPreAuthEncoding(payload: Uint8Array): Buffer {
  const head = `DSSEV1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `;
  return Buffer.from(head + pythonBytes(payload));
}

/** What `repr()` of Python 3 answers for `bytes`. */
function pythonBytes(bytes: Uint8Array): string {
  const quote = bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'";
  const named = new Map([
    [0x09, '\\t'],
    [0x0a, '\\n'],
    [0x0d, '\\r'],
    [0x5c, '\\\\'],
    [quote.charCodeAt(0), `\\${quote}`],
  ]);
  let text = `b${quote}`;
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte < 0x7f;
    text +=
      named.get(byte) ?? (isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`);
  }
  return text + quote;
}
