import { z } from 'zod';
import { DependencyError } from './errors.ts';
import { jsonLines } from './json-lines.ts';
import { printable } from './printable.ts';
import { readTextFile } from './text-file.ts';
import type { TextFile } from './text-file.ts';

/** Bytes accepted in one manifest. A large one has some tens of kilobytes. */
const MAX_MANIFEST_BYTES = 1024 * 1024;

/** Forms of the manifest that pnpm also reads, and this check does not. */
const OTHER_MANIFESTS = ['package.json5', 'package.yaml'] as const;

/** The fields whose packages are installed for the manifest; a later one wins over an earlier one, as in pnpm. */
export const DEPENDENCY_FIELDS = ['devDependencies', 'dependencies', 'optionalDependencies'] as const;

/** One of {@link DEPENDENCY_FIELDS}. */
export type DependencyField = (typeof DEPENDENCY_FIELDS)[number];

/** One line of a manifest that asks for a package. */
export interface DirectDependency {
  readonly field: DependencyField;
  readonly name: string;
  readonly specifier: string;
  readonly line: number | undefined;
}

/** One line of `peerDependencies`. */
export interface PeerDependency {
  readonly name: string;
  readonly specifier: string;
  readonly isOptional: boolean;
  readonly line: number | undefined;
}

/** One replacement that the manifest itself orders (`pnpm.overrides`, `resolutions`). */
export interface ManifestOverride {
  readonly selector: string;
  readonly specifier: string;
  readonly line: number | undefined;
}

/** A `package.json` of the workspace. */
export interface Manifest {
  /** Its path relative to the root, `/`-separated. */
  readonly path: string;
  /** Its folder relative to the root; `.` for the root. */
  readonly folder: string;
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly direct: readonly DirectDependency[];
  readonly peers: readonly PeerDependency[];
  readonly overrides: readonly ManifestOverride[];
}

/** npm's rule for names, with the upper-case letters of old packages. A `.` or `_` cannot come first, so `__proto__` is none. */
const packageName = z
  .string()
  .max(214)
  .regex(/^(?:@[A-Za-z0-9~-][\w.~-]*\/)?[A-Za-z0-9~-][\w.~-]*$/, 'expected the name of a package');

/**
 * An object of `package.json`, as entries. Checked by hand because `z.record` leaves out a key such as `__proto__`
 * without a word, and here what is left out is not checked.
 */
function entriesOf(key: z.ZodString): z.ZodType<[string, string][]> {
  return z
    .custom<object>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      'expected an object',
    )
    .transform((value): unknown => Object.entries(value))
    .pipe(z.array(z.tuple([key, z.string()])));
}

const dependencies = entriesOf(packageName).default([]);

const manifestSchema = z.object({
  name: packageName.optional(),
  version: z.string().optional(),
  dependencies,
  devDependencies: dependencies,
  optionalDependencies: dependencies,
  peerDependencies: dependencies,
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean().optional() })).default({}),
  resolutions: entriesOf(z.string()).default([]),
  pnpm: z.object({ overrides: entriesOf(z.string()).default([]) }).default({ overrides: [] }),
});

/**
 * Reads the manifest in a folder of the workspace.
 *
 * @returns undefined if there is none.
 * @throws {DependencyError} `ERR_DEP_MANIFEST` for a manifest that is malformed or in a form that is not read here
 *   (`package.yaml`, `package.json5`), `ERR_DEP_UNREADABLE`, `ERR_DEP_LIMIT`.
 */
export async function readManifest(root: string, folder: string): Promise<Manifest | undefined> {
  const prefix = folder === '.' ? '' : `${folder}/`;
  const file = await readTextFile(root, `${prefix}package.json`, MAX_MANIFEST_BYTES);
  if (file !== undefined) return parseManifest(file, folder);
  for (const other of OTHER_MANIFESTS) {
    if ((await readTextFile(root, prefix + other, MAX_MANIFEST_BYTES)) === undefined) continue;
    throw new DependencyError(
      'ERR_DEP_MANIFEST',
      `${prefix}${other}: expected package.json, found another form of manifest`,
    );
  }
  return undefined;
}

function parseManifest(file: TextFile, folder: string): Manifest {
  const parsed = manifestSchema.safeParse(parseJson(file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = printable(issue?.path.join('.') ?? '');
    throw new DependencyError(
      'ERR_DEP_MANIFEST',
      `${file.path}: ${where}: ${issue?.message ?? 'not valid'}`,
      { cause: parsed.error },
    );
  }
  const { data } = parsed;
  const lineOf = jsonLines(file.text);
  return {
    path: file.path,
    folder,
    name: data.name,
    version: data.version,
    direct: DEPENDENCY_FIELDS.flatMap((field) =>
      data[field].map(([name, specifier]) => ({ field, name, specifier, line: lineOf(field, name) })),
    ),
    peers: data.peerDependencies.map(([name, specifier]) => ({
      name,
      specifier,
      isOptional:
        Object.hasOwn(data.peerDependenciesMeta, name) && data.peerDependenciesMeta[name]?.optional === true,
      line: lineOf('peerDependencies', name),
    })),
    overrides: [
      ...data.resolutions.map(([selector, specifier]) => ({
        selector,
        specifier,
        line: lineOf('resolutions', selector),
      })),
      ...data.pnpm.overrides.map(([selector, specifier]) => ({
        selector,
        specifier,
        line: lineOf('pnpm', 'overrides'),
      })),
    ],
  };
}

function parseJson(file: TextFile): unknown {
  try {
    return JSON.parse(file.text);
  } catch (cause) {
    throw new DependencyError('ERR_DEP_MANIFEST', `${file.path}: expected JSON, found something else`, {
      cause,
    });
  }
}
