/** Bytes accepted in one record. The largest ones published have a few megabytes. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** Files accepted below one folder, and entries in one zip. */
export const MAX_FILES = 2_000_000;

/** One JSON text that should be a record. */
export interface RecordText {
  /** Where it stands, for messages. */
  readonly where: string;
  /** Undefined if it is over the limit, damaged, or not UTF-8. */
  readonly text: string | undefined;
}

/** The text of a record, without a byte order mark. @returns undefined for bytes that are not UTF-8. */
export function decodeRecord(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8');
  // A replacement character that the bytes do not spell out stands for bytes that are not UTF-8.
  if (text.includes('\u{FFFD}') && !isUtf8(bytes)) return undefined;
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
