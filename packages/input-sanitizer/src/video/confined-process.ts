import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { constants } from 'node:os';
import { confine, possibleConfinements } from './confinement.ts';
import type { Command, Confinement, ConfinementPrograms, ProcessLimits } from './confinement.ts';

/** Nobody, on every Unix of today. */
const NOBODY = 65_534;

const PROBE_DEADLINE_MS = 10_000;
const PROBE_OUTPUT_BYTES = 256 * 1024;

/** The most that can be put around a command on this machine, and what the command said. */
interface Probe<T> {
  readonly confinement: Confinement;
  readonly answer: T;
}

/** Whether a command that was started by root has to become nobody: in a sandbox the files of root are out of reach. */
export function mustLeaveRoot({ isolation }: Pick<Confinement, 'isolation'>): boolean {
  return !isolation.startsWith('bwrap') && process.getuid?.() === 0;
}

/** Starts a command, confined. The environment is empty; every descriptor is named in `stdio`. */
export function startConfined(
  confinement: Confinement,
  command: Command,
  limits: ProcessLimits,
  stdio: NonNullable<SpawnOptions['stdio']>,
): ChildProcess {
  const { program, args } = confine(command, confinement, limits);
  const isNobody = mustLeaveRoot(confinement) && command.leavesRoot !== true;
  // In a group of its own, so that whatever it starts can be killed with it.
  return spawn(program, args, {
    cwd: '/',
    env: {},
    stdio,
    detached: true,
    ...(isNobody && { uid: NOBODY, gid: NOBODY }),
  });
}

/** Kills a process that {@link startConfined} started, and whatever it started. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/**
 * Whether a process that nobody here killed was stopped by the kernel: at the limit of its CPU time, or for want of
 * memory. A sandbox passes the signal on as a status.
 */
export function wasStopped(code: number | null, signal: NodeJS.Signals | null): boolean {
  const { SIGKILL, SIGXCPU } = constants.signals;
  return signal === 'SIGKILL' || signal === 'SIGXCPU' || code === 128 + SIGKILL || code === 128 + SIGXCPU;
}

/**
 * Tries how far a command can be confined here: by starting it, since a kernel or a container may forbid what is
 * installed.
 *
 * @param command - What to start at each level; made anew, since its words may depend on the level.
 * @param parse - What the command says on stdout, or undefined if that is not an answer.
 */
export async function probeConfinement<T>(
  programs: ConfinementPrograms,
  command: (confinement: Confinement) => Command,
  limits: ProcessLimits,
  parse: (text: string) => T | undefined,
): Promise<Probe<T> | undefined> {
  for (const confinement of possibleConfinements(programs)) {
    const text = await runProbe(confinement, command(confinement), limits);
    const answer = text === undefined ? undefined : parse(text);
    if (answer !== undefined) return { confinement, answer };
  }
  return undefined;
}

async function runProbe(
  confinement: Confinement,
  command: Command,
  limits: ProcessLimits,
): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const child = startConfined(confinement, command, limits, ['pipe', 'pipe', 'ignore']);
    const timer = setTimeout(() => {
      killGroup(child);
    }, PROBE_DEADLINE_MS);
    let text = '';
    child.stdout?.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      if (text.length > PROBE_OUTPUT_BYTES) killGroup(child);
    });
    const finish = (code: number | null): void => {
      clearTimeout(timer);
      child.stdin?.destroy();
      resolve(code === 0 ? text : undefined);
    };
    child.once('error', () => {
      finish(null);
    });
    child.once('close', finish);
  });
}
