import { DependencyError } from '../errors.ts';
import { printable } from '../printable.ts';
import { EXIT_CODES } from '../scan/report.ts';

/** Bytes accepted in a document that the command line names: a report, or what is known of releases. */
export const MAX_REPORT_BYTES = 256 * 1024 * 1024;

/** Where a command writes: results, complaints, and progress that only a person at a terminal sees. */
export interface Console {
  /** A line of the result, on stdout. */
  print(line: string): void;
  /** A line for the person, on stderr. */
  complain(line: string): void;
  /** A passing line on stderr, if that is a terminal. */
  progress(line: string): void;
}

/** A command line that asks for something that cannot be done. The message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * The process's own streams. A reader that closes stdout early ends the output, not the program; results that cannot be
 * written for another reason, such as a full disk, end it. What cannot be said on stderr is left unsaid.
 */
export function processConsole(): Console {
  const complain = (line: string): void => void process.stderr.write(`${line}\n`);
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    complain('dep-policy: the results could not be written to stdout');
    process.exit(EXIT_CODES.internal);
  });
  return {
    print: (line) => void process.stdout.write(`${line}\n`),
    complain,
    progress: (line) => {
      // Erase, write, return: the next line, of either stream, overwrites it.
      if (process.stderr.isTTY && process.stdout.isTTY) process.stderr.write(`\x1b[2K${line}\r`);
    },
  };
}

/** Says that a command could not be done, and gives its exit status. What cannot be told is never a success. */
export function reportFailure(error: unknown, console: Console, json: boolean): number {
  if (!(error instanceof DependencyError)) throw error;
  const { code, message } = error;
  if (json) console.print(JSON.stringify({ error: { code, message } }));
  else console.complain(`dep-policy: ${code}: ${printable(message, 500)}`);
  return code === 'ERR_DEP_POLICY' ? EXIT_CODES.usage : EXIT_CODES.incomplete;
}
