import { createHash } from 'node:crypto';
import { access, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { DependencyError } from '../errors.ts';
import { printable } from '../printable.ts';
import { readTextFile } from '../text-file.ts';
import type { TextFile } from '../text-file.ts';
import type { PolicyFile } from './policy-schema.ts';

/** Names of a policy file, at the root of the project only: one in a folder below it counts for nothing. */
export const POLICY_FILES = ['dep-policy.json', 'dep-policy.yaml', 'dep-policy.yml'] as const;

/** Bytes accepted in it. */
const MAX_POLICY_BYTES = 1024 * 1024;

/** A policy and where it is from. */
export interface LoadedPolicy {
  /** Relative to the root. */
  readonly path: string;
  /** SHA-256 (hex) of the bytes. */
  readonly sha256: string;
  readonly policy: PolicyFile;
}

/**
 * Reads the policy file of a project.
 *
 * @param path - Relative to the root. Default: the one of {@link POLICY_FILES} that is there.
 * @returns undefined if there is none and no path was given.
 * @throws {DependencyError} `ERR_DEP_POLICY` if it is not valid, or two are there; `ERR_DEP_UNREADABLE`,
 *   `ERR_DEP_LIMIT`.
 */
export async function readPolicyFile(root: string, path?: string): Promise<LoadedPolicy | undefined> {
  const folder = await realpath(root).catch((cause: unknown) => {
    throw new DependencyError('ERR_DEP_UNREADABLE', 'root: expected a folder, found none', { cause });
  });
  const name = path ?? (await findPolicyFile(folder));
  if (name === undefined) return undefined;
  const file = await readTextFile(folder, name, MAX_POLICY_BYTES);
  if (file === undefined)
    throw new DependencyError('ERR_DEP_POLICY', `${printable(name)}: expected a policy, found no such file`);
  return {
    path: name,
    sha256: createHash('sha256').update(file.bytes).digest('hex'),
    policy: await parsePolicyFile(file),
  };
}

async function findPolicyFile(folder: string): Promise<string | undefined> {
  const found: string[] = [];
  for (const name of POLICY_FILES) {
    const isThere = await access(join(folder, name)).then(
      () => true,
      () => false,
    );
    if (isThere) found.push(name);
  }
  if (found.length > 1) {
    throw new DependencyError('ERR_DEP_POLICY', `expected one policy file, found ${found.join(' and ')}`);
  }
  return found[0];
}

/** Most projects have no such file: what reads one is loaded when there is. */
async function parsePolicyFile(file: TextFile): Promise<PolicyFile> {
  const [{ parseYaml }, { policyFileSchema }] = await Promise.all([
    import('../yaml-document.ts'),
    import('./policy-schema.ts'),
  ]);
  // JSON is YAML; read as such, a repeated key is refused and no key reaches a prototype.
  const value = plain(parseYaml(file, 'ERR_DEP_POLICY').value);
  const parsed = policyFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues
    .slice(0, 10)
    .map(({ path, message }) => `${path.join('.') || 'policy'}: ${message}`);
  throw new DependencyError('ERR_DEP_POLICY', `${file.path}: ${printable(fields.join('; '), 1000)}`, {
    cause: parsed.error,
  });
}

/** Mappings as objects without a prototype's setters in reach: `__proto__` becomes a key, which the schema refuses. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  const object: Record<string, unknown> = {};
  for (const [key, inner] of value as Map<unknown, unknown>) {
    Object.defineProperty(object, String(key), {
      value: plain(inner),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}
