// How the repository's scripts start programs: in the root, the pinned Node first on PATH, nothing that phones home.
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where the locked programs are, `node` among them. */
export const bin = join(root, 'node_modules', '.bin');

const environment = {
  ...process.env,
  PATH: bin + delimiter + (process.env.PATH ?? ''),
  NX_DAEMON: 'false',
  NX_INTERACTIVE: 'false',
  NX_NO_CLOUD: 'true',
  NX_TUI: 'false',
};

/**
 * Runs a program and resolves to its exit status.
 *
 * @param onOutput - Called with each piece of its output, which is shown all the same.
 */
export function run(command, args, onOutput) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: environment,
      // A terminal stays a terminal for the program, unless its output is wanted here.
      stdio: ['ignore', onOutput ? 'pipe' : 'inherit', onOutput ? 'pipe' : 'inherit'],
      shell: process.platform === 'win32',
    });
    for (const name of ['stdout', 'stderr']) {
      child[name]?.on('data', (piece) => {
        process[name].write(piece);
        onOutput(piece.toString());
      });
    }
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
}
