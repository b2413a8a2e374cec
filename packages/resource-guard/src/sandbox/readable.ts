import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, parse, resolve, sep } from 'node:path';

/** Folders after which the search is given up: a worker that needs more names them itself. */
const MAX_FOLDERS = 4096;

/**
 * What a sandboxed process must see to import a module: its package, every `node_modules` above it, and the packages
 * outside of these that symbolic links lead to (workspaces, a shared store). Not the rest of the tree: what lies beside
 * the package stays hidden.
 *
 * @param file - Absolute path of the module.
 * @returns absolute paths, none inside another.
 */
export function findReadable(file: string): string[] {
  const shown = new Set(
    [file, realpath(file)].flatMap((path) => [...packageOf(path), ...modulesAbove(path)]),
  );
  // A set may grow while it is walked, and is then walked to its new end.
  for (const path of shown) {
    if (shown.size > MAX_FOLDERS) break;
    const modules = path.endsWith(`${sep}node_modules`) ? path : join(path, 'node_modules');
    for (const target of linksIn(modules)) {
      if (isInside(target, shown)) continue;
      // The dependencies of a package in a store lie beside it.
      for (const folder of [target, ...modulesAbove(target)]) shown.add(folder);
    }
  }
  return [...shown].filter((path) => !isInside(dirname(path), shown)).sort();
}

/** The folder with the nearest `package.json`; without one the module's own folder, if that holds nothing but it. */
function packageOf(file: string): string[] {
  for (const folder of ancestors(file)) {
    if (folder !== parse(folder).root && existsSync(join(folder, 'package.json'))) return [folder];
  }
  const folder = dirname(file);
  const shared = [parse(folder).root, tmpdir(), realpath(tmpdir()), process.env['HOME']];
  return [shared.includes(folder) ? file : folder];
}

function modulesAbove(file: string): string[] {
  return ancestors(file)
    .map((folder) => join(folder, 'node_modules'))
    .filter((folder) => !folder.includes(`node_modules${sep}node_modules`) && existsSync(folder));
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...ancestors(parent)];
}

/** Real places that the entries of a `node_modules` folder link to, scoped ones included. */
function linksIn(modules: string): string[] {
  return list(modules).flatMap((name) => {
    const entry = join(modules, name);
    return name.startsWith('@') && !isLink(entry)
      ? list(entry).flatMap((scoped) => follow(join(entry, scoped)))
      : follow(entry);
  });
}

function follow(entry: string): string[] {
  if (!isLink(entry)) return [];
  try {
    const target = realpathSync(entry);
    const named = resolve(dirname(entry), readlinkSync(entry));
    return named === target ? [target] : [target, named];
  } catch {
    return [];
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function realpath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isInside(path: string, folders: ReadonlySet<string>): boolean {
  return folders.has(path) || (dirname(path) !== path && isInside(dirname(path), folders));
}
