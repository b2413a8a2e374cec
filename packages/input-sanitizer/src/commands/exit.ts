/** Exit statuses of `input-sanitizer`; 64 and 70 are those of sysexits.h. */
export const EXIT = { accepted: 0, refused: 2, usage: 64, internal: 70 } as const;

/** A command line that asks for something that cannot be done. The message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
