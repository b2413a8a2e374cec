import { isObject, member } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { isMemberFolder } from '../workspace.ts';
import type { LockFile } from './lock-file.ts';
import { memberPatterns, readManifestAt } from './member-manifests.ts';
import { aliasedName } from './npm-source.ts';

/** What the `package.json` beside a lock says of what the lock may have. */
export interface NpmProject {
  readonly manifest: JsonObject | undefined;
  /** Whether a folder is a member of the workspace. */
  readonly isMember: (folder: string) => boolean;
  /** Whether an override puts one package under the name of another. */
  readonly isOverridden: (name: string, real: string) => boolean;
}

/**
 * Reads the manifest beside a lock of npm.
 *
 * @param locked - The lock's copy of it, which is believed where there is none.
 */
export async function readNpmProject(file: LockFile, locked: unknown): Promise<NpmProject> {
  const manifest = (await readManifestAt(file, '.'))?.value;
  const root = manifest ?? (isObject(locked) ? locked : {});
  const patterns = memberPatterns(root);
  const overridden = new Set<string>();
  collectOverrides(root, member(root, 'overrides'), '', overridden);
  return {
    manifest,
    isMember: (folder) => isMemberFolder(patterns, folder),
    isOverridden: (name, real) => overridden.has(`${name} ${real}`),
  };
}

/** Pairs of a name and what really stands there, from `overrides` at any depth. Their depth the parser has bounded. */
function collectOverrides(root: JsonObject, value: unknown, name: string, found: Set<string>): void {
  if (isObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      const at = key.indexOf('@', 1);
      collectOverrides(root, inner, key === '.' ? name : at === -1 ? key : key.slice(0, at), found);
    }
  } else if (typeof value === 'string') {
    const real = aliasedName(value.startsWith('$') ? directSpecifier(root, value.slice(1)) : value);
    if (real !== undefined) found.add(`${name} ${real}`);
  }
}

/** `$name` in an override stands for what the project itself asks for. */
function directSpecifier(root: JsonObject, name: string): string {
  for (const field of ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']) {
    const wanted = member(root, field);
    const specifier = isObject(wanted) ? member(wanted, name) : undefined;
    if (typeof specifier === 'string') return specifier;
  }
  return '';
}
