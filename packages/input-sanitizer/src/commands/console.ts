import type { SanitizeError } from '../errors.ts';
import type { ImageIdentity } from '../identify.ts';
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
    complain('input-sanitizer: expected to write results to stdout, could not');
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

/** What a file is called is a stranger's text: no control or direction character reaches a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');
}

/** With commas, whatever the locale of the machine. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Says that a picture was refused: a code to branch on, a sentence for its sender, and what it is if that is known. */
export function printRefusal(
  console: Console,
  file: string,
  { code, message }: SanitizeError,
  json: boolean,
  found?: ImageIdentity,
): void {
  if (json) {
    console.print(JSON.stringify({ file, error: { code, message }, ...(found && { found }) }));
    return;
  }
  console.print(`${printable(file)}\n  refused  ${code}: ${printable(message)}`);
  if (found?.width !== undefined && found.height !== undefined && found.predictedDecodeBytes !== undefined) {
    const cost = `${count(found.predictedDecodeBytes)} bytes to decode`;
    console.print(`  found    ${found.kind}, ${found.width} x ${found.height}, ${cost}`);
  }
}
