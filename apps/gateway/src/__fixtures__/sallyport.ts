import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AnalysisDocument } from '../document.ts';

/** The repository. */
export const repository = fileURLToPath(new URL('../../../../', import.meta.url));

/** How a run of the program ended. */
export interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout, line by line, as `--json` prints it. */
  readonly documents: AnalysisDocument[];
}

/** Runs the built program as a user does, in the repository's root unless told otherwise. */
export async function sallyport(argv: readonly string[], { cwd = repository } = {}): Promise<Run> {
  return await run([fileURLToPath(new URL('../../bin/sallyport.js', import.meta.url)), ...argv], cwd);
}

/** Runs the program from source with settings that no flag can change. */
export async function sallyportWith(settings: object, argv: readonly string[]): Promise<Run> {
  return await runFixture('run-cli.ts', [JSON.stringify(settings), ...argv]);
}

/** Runs a program of this folder. */
export async function runFixture(name: string, argv: readonly string[]): Promise<Run> {
  return await run([fileURLToPath(new URL(name, import.meta.url)), ...argv], repository);
}

async function run(argv: readonly string[], cwd: string): Promise<Run> {
  return await new Promise((resolve, reject) => {
    // Without the runner's own settings: the program must work in a bare environment.
    const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
    execFile(process.execPath, argv, { cwd, env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') {
        reject(new Error(`the program was killed: ${String(error.signal)}\n${stderr}`));
        return;
      }
      const documents = stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as AnalysisDocument);
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr, documents });
    });
  });
}
