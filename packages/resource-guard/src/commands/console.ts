import { EXIT } from './exit.ts';

/** Where a command writes: results, complaints, and progress that only a person at a terminal sees. */
export interface Console {
  /** A line of the result, on stdout. */
  print(line: string): void;
  /** A line for the person, on stderr. */
  complain(line: string): void;
  /** A passing line on stderr, if that is a terminal. */
  progress(line: string): void;
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
    complain('resource-guard: expected to write results to stdout, could not');
    process.exit(EXIT.internal);
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
