import type { ClaimKind, ImageFormat } from './image-header.ts';

/** What a sender says about a picture besides its bytes. It never decides anything; it can only contradict them. */
export interface ClaimedType {
  /** A name with an extension, with or without folders: `holiday.jpg`. */
  readonly fileName?: string | undefined;
  /** A media type, with or without parameters: `image/jpeg`. */
  readonly mimeType?: string | undefined;
}

const EXTENSIONS: Readonly<Record<ImageFormat, readonly string[]>> = {
  jpeg: ['jpg', 'jpeg', 'jpe', 'jfif', 'jif', 'mpo'],
  png: ['png', 'apng'],
  webp: ['webp'],
  gif: ['gif'],
};

const MEDIA_TYPES: Readonly<Record<ImageFormat, readonly string[]>> = {
  jpeg: ['image/jpeg', 'image/jpg', 'image/pjpeg', 'image/mpo'],
  png: ['image/png', 'image/x-png', 'image/apng', 'image/vnd.mozilla.apng'],
  webp: ['image/webp'],
  gif: ['image/gif'],
};

/** Names that say nothing of the content. */
const NEUTRAL_EXTENSIONS = ['', 'bin', 'dat', 'tmp', 'upload'];
const NEUTRAL_MEDIA_TYPES = ['', 'application/octet-stream', 'binary/octet-stream', 'image/*', '*/*'];

/**
 * Which of the claims the content contradicts. A name without an extension claims nothing. Claims come from a stranger's
 * JSON, whatever type their receiver gave them: null is none, and what is no text is no name of any format.
 */
export function findMismatches(format: ImageFormat, claimed: ClaimedType): ClaimKind[] {
  const { fileName, mimeType }: { readonly [key in keyof ClaimedType]: unknown } = claimed;
  const mismatches: ClaimKind[] = [];
  if (!isOneOf(fileName, extensionOf, EXTENSIONS[format], NEUTRAL_EXTENSIONS)) mismatches.push('file name');
  if (!isOneOf(mimeType, essenceOf, MEDIA_TYPES[format], NEUTRAL_MEDIA_TYPES)) mismatches.push('media type');
  return mismatches;
}

function isOneOf(
  claim: unknown,
  read: (text: string) => string,
  ...lists: readonly (readonly string[])[]
): boolean {
  if (claim === undefined || claim === null) return true;
  return typeof claim === 'string' && lists.some((list) => list.includes(read(claim)));
}

/** A media type without its parameters. */
function essenceOf(mimeType: string): string {
  return mimeType.split(';', 1)[0]!.trim().toLowerCase();
}

/** After the last dot of the last part; `.profile` has none. */
function extensionOf(fileName: string): string {
  const name = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
}
