/** Exit statuses of `resource-guard`; 64 and 70 are those of sysexits.h. */
export const EXIT = { held: 0, unmet: 1, usage: 64, internal: 70 } as const;

/** A command line that asks for something that cannot be done. The message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
