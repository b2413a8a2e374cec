import { normalizeName } from '../ecosystem.ts';
import type { Archive, Position } from '../graph/dependency-graph.ts';
import { isObject, listMember, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { malformed, place } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import type { TomlDocument } from './toml-document.ts';

/** One table of a lock that is a list of packages. */
export interface TomlPackage {
  readonly table: JsonObject;
  /** As written. */
  readonly name: string;
  readonly version: string | undefined;
  readonly position: Position;
  /** Unique in the lock. */
  readonly key: string;
}

/** The packages of a lock, each with its name, and a key under which edges can find it. */
export function tomlPackages(file: LockFile, document: TomlDocument, list: string): TomlPackage[] {
  const tables = member(document.value, list) ?? [];
  if (!Array.isArray(tables)) throw malformed(file.path, `expected a list of ${list}, found another value`);
  const keys = new Map<string, number>();
  return (tables as unknown[]).map((table, index) => {
    const line = document.lineOf(list, index);
    const name = isObject(table) ? textMember(table, 'name') : undefined;
    if (!isObject(table) || name === undefined) {
      throw malformed(`${file.path}:${line}`, 'expected a package with a name, found none');
    }
    const version = textMember(table, 'version');
    const plain = `${normalizeName('PyPI', name)}@${version ?? ''}`;
    // The same version can stand there twice, for other platforms or with other extras.
    const copies = (keys.get(plain) ?? 0) + 1;
    keys.set(plain, copies);
    return {
      table,
      name,
      version,
      position: place(file, line),
      key: copies === 1 ? plain : `${plain} (${copies})`,
    };
  });
}

/** Keys of packages by normalised name. A lock can have several versions of one package, for different platforms. */
export class PackageKeys {
  readonly #byName = new Map<string, TomlPackage[]>();

  constructor(packages: readonly TomlPackage[]) {
    for (const found of packages) {
      const name = normalizeName('PyPI', found.name);
      const list = this.#byName.get(name);
      if (list === undefined) this.#byName.set(name, [found]);
      else list.push(found);
    }
  }

  /**
   * Keys that a dependency can lead to: those of the version, if one is given and known, else of every version.
   *
   * @returns a key that leads nowhere for a package that the lock does not have.
   */
  of(name: string, version?: string): string[] {
    const all = this.#byName.get(normalizeName('PyPI', name)) ?? [];
    const exact = version === undefined ? [] : all.filter((found) => found.version === version);
    const keys = (exact.length > 0 ? exact : all).map(({ key }) => key);
    return keys.length === 0 ? [`${normalizeName('PyPI', name)}@`] : keys;
  }
}

/** Archives with what the formats say of them: a URL, a path, the name of the file, and a hash or several. */
export function readArchives(tables: readonly unknown[]): Archive[] {
  return tables.map((table) => {
    const archive = isObject(table) ? table : {};
    return {
      url: textMember(archive, 'url'),
      path: textMember(archive, 'path'),
      file: textMember(archive, 'file') ?? textMember(archive, 'filename') ?? textMember(archive, 'name'),
      hashes: hashesOf(archive),
    };
  });
}

/** All hashes of archives. */
export function archiveHashes(archives: readonly Archive[]): string[] {
  return archives.flatMap(({ hashes }) => hashes);
}

/** `hash = "sha256:<hex>"`, or `hashes = { sha256 = "<hex>" }`. */
function hashesOf(archive: JsonObject): string[] {
  const hash = textMember(archive, 'hash');
  const hashes = member(archive, 'hashes');
  return [
    ...(hash === undefined ? [] : [hash]),
    ...(isObject(hashes)
      ? Object.entries(hashes).flatMap(([algorithm, value]) =>
          typeof value === 'string' ? [`${algorithm}:${value}`] : [],
        )
      : []),
  ];
}

/** Texts in a list. */
export function textList(owner: JsonObject, key: string): string[] {
  return listMember(owner, key).filter((value) => typeof value === 'string');
}
