import type { DependencyGraph, Edge, Scope } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { linesOf, malformed, place, textOf } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { manifestEdges } from './manifest-edges.ts';
import { aliasedName, originOf } from './npm-source.ts';
import { memberManifests } from './member-manifests.ts';

/** One entry of the lock, under every descriptor (`name@range`) that it answers. */
interface Entry {
  readonly line: number;
  readonly descriptors: readonly string[];
  readonly fields: Map<string, string>;
  readonly dependencies: { readonly name: string; readonly range: string; readonly scope: Scope }[];
}

/**
 * Reads a `yarn.lock` of Yarn 1. It does not say what the project asks for: that comes from the manifests of the
 * project and its members; without a `package.json`, what nothing else needs counts as asked for.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 */
export async function readYarnClassic(file: LockFile): Promise<DependencyGraph> {
  const entries = parseEntries(file, linesOf(file.path, textOf(file)));
  const keys = new Map<string, string>();
  for (const { descriptors, line } of entries) {
    for (const descriptor of descriptors) {
      if (keys.has(descriptor))
        throw malformed(`${file.path}:${line}`, 'expected every descriptor once, found one twice');
      keys.set(descriptor, descriptors[0]!);
    }
  }
  const resolve = (name: string, range: string): string => keys.get(`${name}@${range}`) ?? `${name}@${range}`;
  const builder = new GraphBuilder('npm', file.path);
  for (const entry of entries) add(builder, file, entry, resolve);
  const manifests = await memberManifests(file);
  if (manifests.length === 0) return builder.build('yarn-classic', '1', file.sha256, 'found');
  const members = new Set(manifests.map(({ name }) => name));
  for (const { folder, value } of manifests) {
    const edges = manifestEdges(value, true, (name, specifier) =>
      members.has(name) && !keys.has(`${name}@${specifier}`) ? '' : resolve(name, specifier),
    );
    builder.root(
      folder,
      edges.filter(({ to }) => to !== ''),
    );
  }
  return builder.build('yarn-classic', '1', file.sha256, 'known');
}

function add(
  builder: GraphBuilder,
  file: LockFile,
  { line, descriptors, fields, dependencies }: Entry,
  resolve: (name: string, range: string) => string,
): void {
  const key = descriptors[0]!;
  const { range } = splitDescriptor(key);
  const version = fields.get('version');
  const resolved = fields.get('resolved');
  const integrity = fields.get('integrity');
  const origin = /^(?:git|https?:|file:|link:|[./~]|[\w.-]+\/[\w.-]+)/.test(range)
    ? originOf(range)
    : 'registry';
  const asked = descriptors
    .map(splitDescriptor)
    .map((one) => ({ ...one, real: aliasedName(one.range) ?? one.name }));
  const real = asked[0]!.real;
  // Yarn writes it for an alias, with the name of the one or of the other, and for a repository with another name.
  const said = fields.get('name') ?? real;
  const isAsked = asked.some((one) => said === one.name || said === one.real);
  if (origin === 'registry' && !(isAsked && asked.every((one) => one.real === real))) {
    builder.problem(
      'conflict',
      place(file, line),
      'expected the package that is asked for, found another one under its name',
    );
  }
  // Yarn 1 puts the archive's SHA-1 behind the URL; it counts only where there is nothing better.
  const sha1 = /#([0-9a-f]{40})$/.exec(resolved ?? '')?.[1];
  builder.add({
    key,
    name: origin === 'registry' && isAsked ? real : said,
    version,
    origin,
    // Members are in no lock of Yarn 1: what is a folder here is one of somebody else.
    resolved: resolved?.replace(/#[0-9a-f]{40}$/, '') ?? (origin === 'file' ? range : undefined),
    hashes:
      integrity === undefined
        ? sha1 === undefined || origin !== 'registry'
          ? []
          : [`sha1-${Buffer.from(sha1, 'hex').toString('base64')}`]
        : integrity.split(/\s+/),
    position: place(file, line),
    dependencies: dependencies.map(({ name: wanted, range: to, scope }): Edge => ({
      to: resolve(wanted, to),
      scope,
    })),
  });
}

function splitDescriptor(descriptor: string): { readonly name: string; readonly range: string } {
  const at = descriptor.indexOf('@', 1);
  return at === -1
    ? { name: descriptor, range: '' }
    : { name: descriptor.slice(0, at), range: descriptor.slice(at + 1) };
}

function parseEntries(file: LockFile, lines: readonly string[]): Entry[] {
  const entries: Entry[] = [];
  let entry: Entry | undefined;
  let section: Scope | undefined;
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    const fault = (expected: string): Error =>
      malformed(`${file.path}:${line}`, `expected ${expected}, found another line`);
    if (text.trim() === '' || text.startsWith('#')) continue;
    const indent = /^ */.exec(text)![0].length;
    const words = yarnWords(text.trim());
    if (words === undefined) throw fault('an entry of Yarn 1');
    if (indent === 0) {
      const descriptors = words.filter((word) => word !== ',');
      if (descriptors.pop() !== ':' || descriptors.length === 0) throw fault('descriptors and a colon');
      entry = { line, descriptors, fields: new Map(), dependencies: [] };
      entries.push(entry);
      section = undefined;
    } else if (entry === undefined) throw fault('an entry');
    else if (indent === 2 && words.length === 2 && words[1] === ':') section = sectionScope(words[0]!);
    else if (indent === 2 && words.length === 2) {
      if (entry.fields.has(words[0]!)) throw fault('every field once');
      entry.fields.set(words[0]!, words[1]!);
      section = undefined;
    } else if (indent === 4 && words.length === 2) {
      if (section !== undefined)
        entry.dependencies.push({ name: words[0]!, range: words[1]!, scope: section });
    } else throw fault('a field');
  }
  return entries;
}

function sectionScope(name: string): Scope | undefined {
  return name === 'dependencies' ? 'runtime' : name === 'optionalDependencies' ? 'optional' : undefined;
}

/** Words, quoted texts, commas and a last colon; undefined for a line that is made of anything else. */
export function yarnWords(text: string): string[] | undefined {
  const words: string[] = [];
  for (let rest = text; rest !== ''; rest = rest.trimStart()) {
    const match = /^(?:"(?:[^"\\]|\\.)*"|,|:$|[^\s,":](?:[^\s,"]*[^\s,":])?)/.exec(rest);
    if (match === null) return undefined;
    const [word] = match;
    try {
      words.push(word.startsWith('"') ? (JSON.parse(word) as string) : word);
    } catch {
      return undefined;
    }
    rest = rest.slice(word.length);
  }
  return words;
}
