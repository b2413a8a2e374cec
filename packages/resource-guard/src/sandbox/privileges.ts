import { readFileSync } from 'node:fs';

/** What the kernel lets a process do beyond its user's rights. */
export interface Privileges {
  /** Whether it holds a capability, in its own user namespace. */
  readonly capable: boolean;
  /** Whether a set-user-ID program could give it some. */
  readonly canGain: boolean;
}

/** @see capabilities(7), proc_pid_status(5); `undefined` if it cannot be told. */
export function readPrivileges(pid: number, proc: string): Privileges | undefined {
  try {
    const status = readFileSync(`${proc}/${pid}/status`, 'latin1');
    const permitted = /^CapPrm:\s+([0-9a-f]+)$/m.exec(status)?.[1];
    const noNewPrivileges = /^NoNewPrivs:\s+(\d)$/m.exec(status)?.[1];
    if (permitted === undefined) return undefined;
    return { capable: !/^0+$/.test(permitted), canGain: noNewPrivileges !== '1' };
  } catch {
    return undefined;
  }
}
