import { hashPolicy, parsePolicy } from './policy.ts';
import type { DependencyPolicyInput } from './policy.ts';
import { LOCK_FILE } from './pnpm-lock.ts';
import { readProject } from './project.ts';
import { checkLockEntries, checkLockReferences } from './rules/lock-entries.ts';
import { checkLockStep } from './rules/lock-step.ts';
import { checkPins } from './rules/pins.ts';
import { checkRegistries } from './rules/registries.ts';
import { compareViolations } from './violation.ts';
import type { Violation } from './violation.ts';

/** What to check. */
export interface CheckDependenciesOptions {
  /** Folder with the project's `package.json`, `pnpm-lock.yaml` and, for a workspace, `pnpm-workspace.yaml`. */
  readonly root: string;
  /** What is asked of the dependencies. Default: every default of {@link DependencyPolicyInput}. */
  readonly policy?: DependencyPolicyInput | undefined;
}

/** One verdict over a project's dependencies. */
export interface DependencyReport {
  /** `pass` without a single violation, else `fail`. */
  readonly verdict: 'pass' | 'fail';
  /** Sorted by file, line, package and rule: the same project gives the same report. */
  readonly violations: readonly Violation[];
  /** How much was looked at. */
  readonly checked: {
    /** Manifests read: the root's and the members'. */
    readonly manifests: number;
    /** Direct dependencies in them (dependencies, devDependencies, optionalDependencies). */
    readonly direct: number;
    /** Packages in the lock. */
    readonly locked: number;
  };
  /** The lock that the verdict is about. */
  readonly lock: {
    readonly path: 'pnpm-lock.yaml';
    /** SHA-256 (hex) of the bytes that were checked. */
    readonly sha256: string;
    readonly lockfileVersion: string;
  };
  /** SHA-256 (hex) of the policy with its defaults filled in. */
  readonly policyHash: string;
}

/**
 * Checks a pnpm project or workspace against a policy: exact pins for every direct dependency, a lock in step with the
 * manifests, a SHA-512 integrity on every locked package, nothing but the allowed registry, over https. It reads files
 * only: no network, no code of the project, nothing of what is installed.
 *
 * @throws {DependencyError} if the check cannot be made: `ERR_DEP_POLICY`, `ERR_DEP_MANIFEST`, `ERR_DEP_WORKSPACE`,
 *   `ERR_DEP_LOCKFILE`, `ERR_DEP_UNREADABLE`, `ERR_DEP_LIMIT`. What the check finds is in the report.
 */
export async function checkDependencies({
  root,
  policy: input,
}: CheckDependenciesOptions): Promise<DependencyReport> {
  const policy = parsePolicy(input);
  const project = await readProject(root);
  const violations = [
    ...checkPins(project),
    ...checkLockStep(project),
    ...checkLockEntries(project, policy),
    ...checkLockReferences(project),
    ...checkRegistries(project, policy),
  ].sort(compareViolations);
  return {
    verdict: violations.length === 0 ? 'pass' : 'fail',
    violations,
    checked: {
      manifests: project.manifests.length,
      direct: project.manifests.reduce((sum, { direct }) => sum + direct.length, 0),
      locked: project.lock.packages.size,
    },
    lock: { path: LOCK_FILE, sha256: project.lock.sha256, lockfileVersion: project.lock.lockfileVersion },
    policyHash: hashPolicy(policy),
  };
}
