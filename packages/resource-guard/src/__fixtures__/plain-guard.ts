import type { Guard } from '../guard.ts';
import { createGuard } from '../process-guard.ts';
import type { GuardOptions } from '../options.ts';

/** A guard whose processes have the host's own process ids, and which forgets what an input has done. */
export function createPlainGuard(options: GuardOptions): Promise<Guard> {
  return createGuard({ sandbox: 'off', poison: false, ...options });
}
