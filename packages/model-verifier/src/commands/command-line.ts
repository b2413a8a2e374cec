import type { Command } from 'commander';
import type { Console } from './console.ts';

/** What a command registers itself with: `src/cli.ts` hands one to each `add…Command`. */
export interface CommandLine {
  /** Where the command adds its name, arguments and options. */
  readonly program: Command;
  /** Where its action writes. */
  readonly console: Console;
  /** Sets the exit status, one of `EXIT`. Without a call it is `EXIT.verified`. */
  readonly end: (status: number) => void;
}
