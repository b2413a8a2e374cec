import { defaultPolicy } from '../policy-file/default-policy.ts';
import { readPolicyFile } from '../policy-file/policy-file.ts';
import type { LoadedPolicy } from '../policy-file/policy-file.ts';
import type { PolicyFile } from '../policy-file/policy-schema.ts';
import { UsageError } from './console.ts';
import { findLocks } from './scan.ts';

/** Flags that say which project, by which policy. */
export interface ProjectFlags {
  readonly lockfile?: readonly string[];
  readonly policy?: string;
}

/** A project as the command line names it: always the current folder. */
export interface NamedProject {
  readonly root: string;
  readonly lockfiles: readonly string[];
  readonly policy: PolicyFile;
  /** Absent if every default holds. */
  readonly loaded: LoadedPolicy | undefined;
}

/**
 * Finds policy and locks in the current folder.
 *
 * @throws {UsageError} if there is no lock.
 * @throws {DependencyError} `ERR_DEP_POLICY`
 */
export async function namedProject(flags: ProjectFlags): Promise<NamedProject> {
  const root = process.cwd();
  const loaded = await readPolicyFile(root, flags.policy);
  const policy = loaded?.policy ?? defaultPolicy();
  const lockfiles = flags.lockfile ?? policy.lockfiles ?? (await findLocks(root));
  if (lockfiles.length === 0) throw new UsageError('expected --lockfile <file>, found none here either');
  return { root, lockfiles, policy, loaded };
}
