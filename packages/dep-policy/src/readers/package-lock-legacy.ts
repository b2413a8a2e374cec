import { posix } from 'node:path';
import { isObject, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { originOf, parseNpmSource } from './npm-source.ts';

/** One entry of `dependencies`, and its keys from there. */
interface Entry {
  readonly keys: readonly string[];
  /** Where `packages` has what stands in its folder. */
  readonly folder: string;
  readonly entries: JsonObject;
}

/**
 * Compares the two halves of a lock of version 2: npm 7 and later install `packages`, npm 6 installs `dependencies`.
 *
 * @returns the keys from `dependencies` to every package in which they differ.
 */
export function findLegacyConflicts(dependencies: JsonObject, packages: JsonObject): (readonly string[])[] {
  const conflicts: (readonly string[])[] = [];
  const pending: Entry[] = [{ keys: [], folder: '', entries: dependencies }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const [name, legacy] of Object.entries(next.entries)) {
      const keys = [...next.keys, 'dependencies', name];
      const path = `${next.folder === '' ? '' : `${next.folder}/`}node_modules/${name}`;
      const entry = member(packages, path);
      if (!isObject(legacy) || !isObject(entry) || !isSame(name, legacy, entry)) {
        conflicts.push(keys);
        continue;
      }
      const inner = member(legacy, 'dependencies');
      if (!isObject(inner)) continue;
      // What a member has in its own folder stands below the link that leads to it.
      const folder = member(entry, 'link') === true ? (textMember(entry, 'resolved') ?? path) : path;
      pending.push({ keys, folder, entries: inner });
    }
  }
  return conflicts;
}

function isSame(name: string, legacy: JsonObject, entry: JsonObject): boolean {
  const text = textMember(legacy, 'version') ?? '';
  const source = parseNpmSource(text);
  if (source.version === undefined) return isSameSource(text, entry);
  const resolved = member(legacy, 'resolved');
  const integrity = member(legacy, 'integrity');
  return (
    member(entry, 'link') !== true &&
    textMember(entry, 'version') === source.version &&
    (textMember(entry, 'name') ?? name) === (source.name ?? name) &&
    (resolved === undefined || resolved === member(entry, 'resolved')) &&
    integrity === member(entry, 'integrity')
  );
}

/** Whether both are a link to one folder, or of one kind of source that is not the registry, which is refused anyway. */
function isSameSource(text: string, entry: JsonObject): boolean {
  const resolved = textMember(entry, 'resolved') ?? '';
  if (member(entry, 'link') === true) {
    return (
      text.startsWith('file:') && posix.normalize(text.slice('file:'.length)) === posix.normalize(resolved)
    );
  }
  const origin = originOf(resolved);
  return text === resolved || ((origin === 'git' || origin === 'file') && originOf(text) === origin);
}
