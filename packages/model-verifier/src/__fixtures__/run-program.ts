import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/model-verifier.js', import.meta.url));

/** How a run of the program ended. */
export interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program as a user does, in a folder of the test's own. */
export async function runProgram(
  cwd: string,
  argv: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Run> {
  return await new Promise((resolve, reject) => {
    // Without the runner's own settings: the program must work in a bare environment.
    const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...variables };
    execFile(process.execPath, [program, ...argv], { cwd, env }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') {
        reject(new Error(`the program was killed: ${String(error.signal)}\n${stderr}`));
        return;
      }
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}
