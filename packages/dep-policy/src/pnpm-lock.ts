import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DependencyError } from './errors.ts';
import type { DependencyField } from './manifest.ts';
import { printable } from './printable.ts';
import { readTextFile } from './text-file.ts';
import { parseYaml } from './yaml-document.ts';
import type { YamlDocument } from './yaml-document.ts';
import { fields, stringMap } from './yaml-fields.ts';

/** The lockfile's name. */
export const LOCK_FILE = 'pnpm-lock.yaml';

/** Bytes accepted in a lock: about 40,000 packages. */
const MAX_LOCK_BYTES = 16 * 1024 * 1024;

const importerDependencies = z
  .map(z.string(), fields({ specifier: z.string(), version: z.string() }))
  .default(() => new Map<string, { specifier: string; version: string }>());

const noStrings = (): Map<string, string> => new Map<string, string>();

const lockSchema = fields({
  lockfileVersion: z.literal('9.0'),
  settings: fields({
    autoInstallPeers: z.boolean().default(false),
    excludeLinksFromLockfile: z.boolean().default(false),
  }).default({ autoInstallPeers: false, excludeLinksFromLockfile: false }),
  overrides: stringMap.default(noStrings),
  catalogs: z
    .map(z.string(), z.map(z.string(), fields({ specifier: z.string(), version: z.string() })))
    .default(() => new Map<string, Map<string, { specifier: string; version: string }>>()),
  importers: z.map(
    z.string(),
    fields({
      dependencies: importerDependencies,
      devDependencies: importerDependencies,
      optionalDependencies: importerDependencies,
    }),
  ),
  packages: z
    .map(z.string(), fields({ resolution: z.map(z.string(), z.unknown()) }))
    .default(() => new Map<string, { resolution: Map<string, unknown> }>()),
  snapshots: z
    .map(
      z.string(),
      fields({
        dependencies: stringMap.default(noStrings),
        optionalDependencies: stringMap.default(noStrings),
      }),
    )
    .default(
      () =>
        new Map<string, { dependencies: Map<string, string>; optionalDependencies: Map<string, string> }>(),
    ),
});

/** Where one importer's dependency was resolved to. */
export interface LockedDependency {
  readonly field: DependencyField;
  readonly specifier: string;
  /** A version with its peers (`1.2.3(peer@4.5.6)`), another package's name and version, or `link:<path>`. */
  readonly reference: string;
}

/** A parsed `pnpm-lock.yaml`. */
export interface PnpmLock
  extends Omit<z.output<typeof lockSchema>, 'importers'>, Pick<YamlDocument, 'lineOf'> {
  /** SHA-256 (hex) of the file's bytes. */
  readonly sha256: string;
  readonly importers: ReadonlyMap<string, ReadonlyMap<string, LockedDependency>>;
}

/**
 * Reads `pnpm-lock.yaml`, version 9.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE` for a lock that is malformed or of another version,
 *   `ERR_DEP_UNREADABLE` if there is none or it cannot be read, `ERR_DEP_LIMIT`.
 * @see https://github.com/pnpm/spec/blob/master/lockfile/9.0.md
 */
export async function readPnpmLock(root: string): Promise<PnpmLock> {
  const file = await readTextFile(root, LOCK_FILE, MAX_LOCK_BYTES);
  if (file === undefined)
    throw new DependencyError('ERR_DEP_UNREADABLE', `${LOCK_FILE}: expected a lockfile, found none`);
  const document = parseYaml(file, 'ERR_DEP_LOCKFILE');
  const parsed = lockSchema.safeParse(document.value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = printable(issue?.path.join('.') ?? '');
    throw new DependencyError(
      'ERR_DEP_LOCKFILE',
      `${LOCK_FILE}: ${where}: ${issue?.message ?? 'not valid'}`,
      { cause: parsed.error },
    );
  }
  const importers = new Map<string, Map<string, LockedDependency>>();
  for (const [folder, importer] of parsed.data.importers) {
    const locked = new Map<string, LockedDependency>();
    for (const field of ['devDependencies', 'dependencies', 'optionalDependencies'] as const) {
      for (const [name, { specifier, version }] of importer[field]) {
        if (locked.has(name)) {
          throw new DependencyError(
            'ERR_DEP_LOCKFILE',
            `${LOCK_FILE}: expected one entry per dependency of an importer, found two`,
          );
        }
        locked.set(name, { field, specifier, reference: version });
      }
    }
    importers.set(folder, locked);
  }
  const sha256 = createHash('sha256').update(file.bytes).digest('hex');
  return { ...parsed.data, importers, sha256, lineOf: document.lineOf };
}

/**
 * The key in `snapshots` that a reference points at; undefined for a link.
 *
 * @param name - The name under which the reference is listed.
 */
export function snapshotKey(reference: string, name: string): string | undefined {
  if (reference.startsWith('link:')) return undefined;
  // With a name of its own (an alias): `other@1.2.3`; the `@` of a peer or of a URL comes after a `(` or `:`.
  return /^@|^[^@:(]+@/.test(reference) ? reference : `${name}@${reference}`;
}

/** The key in `packages` of a key in `snapshots`: without the peers in brackets. */
export function packageKey(snapshot: string): string {
  const bracket = snapshot.indexOf('(');
  return bracket === -1 ? snapshot : snapshot.slice(0, bracket);
}

/** The name and the version (or source) in a key of `packages`. */
export function splitPackageKey(key: string): { readonly name: string; readonly version: string } {
  const at = key.indexOf('@', 1);
  return at === -1 ? { name: key, version: '' } : { name: key.slice(0, at), version: key.slice(at + 1) };
}
