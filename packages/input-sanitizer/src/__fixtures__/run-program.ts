import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/input-sanitizer.js', import.meta.url));

/** How a run of the program ended. */
export interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout, line by line, as `--json` prints it. */
  readonly documents: readonly Readonly<Record<string, unknown>>[];
}

/** Runs the built program as a user does, in a folder of the test's own. */
export async function runProgram(cwd: string, ...argv: readonly string[]): Promise<Run> {
  return await new Promise((resolve, reject) => {
    // Without the runner's own settings: the program must work in a bare environment.
    const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
    execFile(process.execPath, [program, ...argv], { cwd, env }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') {
        reject(new Error(`the program was killed: ${String(error.signal)}\n${stderr}`));
        return;
      }
      const documents = stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr, documents });
    });
  });
}

const LEAKS = [
  /\n\s+at /,
  /node:internal/,
  /file:\/\//,
  /node_modules/,
  /\b(?:vips|libvips|sharp|ENOENT|EACCES|EISDIR|ELOOP|ZodError|SyntaxError|V8)\b/i,
];

/** What must never be printed: stacks, absolute paths, the words of libraries. */
export function findLeaks({ stdout, stderr }: Run, folders: readonly string[]): string[] {
  const output = `${stdout}\n${stderr}`;
  const patterns = LEAKS.filter((pattern) => pattern.test(output)).map(String);
  return [...patterns, ...[program, ...folders].filter((path) => output.includes(path))];
}
