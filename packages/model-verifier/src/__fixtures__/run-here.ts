import { runCli } from '../run-cli.ts';
import type { Run } from './run-program.ts';

/** The current folder belongs to the whole process, so runs take turns. */
let turn: Promise<unknown> = Promise.resolve();

/** Runs a command line in this process and in a folder of the test's own: what it ends with, without what a start costs. */
export function runHere(cwd: string, argv: readonly string[]): Promise<Run> {
  const run = turn.then(() => runIn(cwd, argv));
  turn = run.catch(() => undefined);
  return run;
}

async function runIn(cwd: string, argv: readonly string[]): Promise<Run> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const home = process.cwd();
  process.chdir(cwd);
  try {
    const status = await runCli(argv, {
      print: (line) => stdout.push(`${line}\n`),
      complain: (line) => stderr.push(`${line}\n`),
      progress: () => undefined,
    });
    return { status, stdout: stdout.join(''), stderr: stderr.join('') };
  } finally {
    process.chdir(home);
  }
}
