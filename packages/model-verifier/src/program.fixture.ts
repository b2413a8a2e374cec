// Programs of the system that some tests run under.
import { spawnSync } from 'node:child_process';

/** What shows that a program is there and may do here what the tests need of it. */
const TRIALS = {
  prlimit: ['--fsize=1000', 'true'],
  bwrap: ['--dev-bind', '/', '/', 'true'],
} as const;

/** Whether a test can run under the program. */
export function hasProgram(program: keyof typeof TRIALS): boolean {
  return spawnSync(program, TRIALS[program], { stdio: 'ignore' }).status === 0;
}
