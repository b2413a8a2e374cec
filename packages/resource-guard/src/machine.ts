/** What the guard finds on the machine; a test stands in another one. */
export interface Machine {
  /** Where the process file system is. */
  readonly proc: string;
  /** Folders that hold programs, as `PATH` has them. */
  readonly path: string;
  readonly platform: NodeJS.Platform;
}

export const PROC = '/proc';

export function thisMachine(): Machine {
  return { proc: PROC, path: process.env['PATH'] ?? '', platform: process.platform };
}

/** Whether this process may drop to another user. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
