import { normalizeName } from '../ecosystem.ts';
import { DependencyError } from '../errors.ts';
import type { DependencyGraph, PackageOrigin, Position } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { printable } from '../printable.ts';
import { malformed, place } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { originOf } from './npm-source.ts';
import { parseArchiveName, parseRequirement, pinnedVersion } from './python-requirement.ts';
import { logicalLines } from './requirements-lines.ts';
import type { LogicalLine } from './requirements-lines.ts';

/** Requirements files that one may include, itself among them. */
const MAX_FILES = 64;

/** One requirement of a file, or of one that it includes. */
export interface Requirement {
  readonly name: string | undefined;
  readonly specifier: string;
  readonly marker: string | undefined;
  readonly extras: readonly string[];
  readonly hashes: readonly string[];
  readonly url: string | undefined;
  readonly isEditable: boolean;
  readonly position: Position;
}

/** An option that changes where packages come from or how they are checked. */
export interface RequirementsOption {
  /** The long form: `--index-url`, `--trusted-host`, `--require-hashes`. */
  readonly name: string;
  readonly value: string | undefined;
  readonly position: Position;
}

/** A requirements file with everything it includes. */
export interface RequirementsFile {
  readonly requirements: readonly Requirement[];
  /** Those of `-c` files: they restrict, and install nothing. */
  readonly constraints: readonly Requirement[];
  readonly options: readonly RequirementsOption[];
  /** Includes that were not followed, such as URLs. */
  readonly unread: readonly Position[];
}

/** Options of a whole line: the long form, and whether a value follows. @see pip's requirements file format */
const OPTIONS: ReadonlyMap<string, readonly [name: string, hasValue: boolean]> = new Map([
  ['-i', ['--index-url', true]],
  ['--index-url', ['--index-url', true]],
  ['--pypi-url', ['--index-url', true]],
  ['--extra-index-url', ['--extra-index-url', true]],
  ['--no-index', ['--no-index', false]],
  ['-f', ['--find-links', true]],
  ['--find-links', ['--find-links', true]],
  ['--trusted-host', ['--trusted-host', true]],
  ['--no-binary', ['--no-binary', true]],
  ['--only-binary', ['--only-binary', true]],
  ['--prefer-binary', ['--prefer-binary', false]],
  ['--require-hashes', ['--require-hashes', false]],
  ['--pre', ['--pre', false]],
  ['--use-feature', ['--use-feature', true]],
  ['-r', ['--requirement', true]],
  ['--requirement', ['--requirement', true]],
  ['-c', ['--constraint', true]],
  ['--constraint', ['--constraint', true]],
  ['-e', ['--editable', true]],
  ['--editable', ['--editable', true]],
]);

/**
 * Reads a requirements file as a graph. It is a flat list: who needs whom it does not say, nor whether all that is
 * needed is in it. A version counts as known if the requirement pins it, or a constraint does.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`, `ERR_DEP_UNREADABLE`
 */
export async function readRequirements(file: LockFile): Promise<DependencyGraph> {
  const { requirements, constraints, unread } = await parseRequirements(file);
  const builder = new GraphBuilder('PyPI', file.path);
  const pins = new Map<string, string>();
  for (const { name, specifier } of constraints) {
    const version = pinnedVersion(specifier);
    if (name !== undefined && version !== undefined) pins.set(normalizeName('PyPI', name), version);
  }
  for (const position of unread) {
    builder.problem('unread', position, 'expected a file of the project, found an include that was not read');
  }
  const copies = new Map<string, number>();
  for (const requirement of requirements) addRequirement(builder, requirement, pins, copies);
  return builder.build('requirements', undefined, file.sha256, 'none');
}

function addRequirement(
  builder: GraphBuilder,
  { name, specifier, hashes, url, position }: Requirement,
  pins: ReadonlyMap<string, string>,
  copies: Map<string, number>,
): void {
  const archive = url === undefined ? undefined : parseArchiveName(archiveOf(url));
  const real = name ?? archive?.name;
  if (real === undefined) {
    builder.problem('unread', position, 'expected a package with a name, found a source without one');
    return;
  }
  const version =
    pinnedVersion(specifier) ??
    (url === undefined ? pins.get(normalizeName('PyPI', real)) : archive?.version);
  const origin: PackageOrigin =
    url === undefined ? 'registry' : url.startsWith('file:') ? 'file' : originOf(url);
  // The same package may stand there twice, under different markers.
  const plain = `${normalizeName('PyPI', real)}@${version ?? specifier}`;
  const copy = (copies.get(plain) ?? 0) + 1;
  copies.set(plain, copy);
  const key = copy === 1 ? plain : `${plain} (${copy})`;
  builder.add({ key, name: real, version, origin, resolved: url, hashes, position });
  if (version === undefined) {
    builder.problem(
      'unpinned',
      position,
      `expected one exact version, found ${printable(specifier) || 'none'}`,
    );
  }
}

function archiveOf(url: string): string {
  const path = url.replace(/[?#].*$/s, '');
  const file = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(file);
  } catch {
    return file;
  }
}

/**
 * Parses a requirements file with everything it includes (`-r`, `-c`), each file once. Includes by URL, and out of the
 * project, are not followed.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE` for a line that is neither requirement nor option, and for files that
 *   include each other in a circle; `ERR_DEP_LIMIT`, `ERR_DEP_UNREADABLE`.
 */
export async function parseRequirements(file: LockFile): Promise<RequirementsFile> {
  const collected = { requirements: [], constraints: [], options: [], unread: [] } as {
    requirements: Requirement[];
    constraints: Requirement[];
    options: RequirementsOption[];
    unread: Position[];
  };
  const done = new Set<string>();
  await visit(file, false, []);
  return collected;

  async function visit(
    current: LockFile,
    isConstraint: boolean,
    ancestors: readonly string[],
  ): Promise<void> {
    if (ancestors.includes(current.path)) {
      throw malformed(current.path, 'expected no file to include itself, found one that does');
    }
    const id = `${isConstraint ? 'c' : 'r'} ${current.path}`;
    if (done.has(id)) return;
    done.add(id);
    if (done.size > MAX_FILES) {
      throw new DependencyError(
        'ERR_DEP_LIMIT',
        `${file.path}: expected at most ${MAX_FILES} files, found more`,
      );
    }
    for (const line of logicalLines(current)) {
      const position = place(current, line.line, line.column);
      const option = parseOption(line.text);
      if (option === undefined) {
        const list = isConstraint ? collected.constraints : collected.requirements;
        list.push(parseRequirementLine(current, line, position));
      } else if (option.name === '--requirement' || option.name === '--constraint') {
        const included = await include(current, option.value ?? '', position);
        if (included === undefined) collected.unread.push(position);
        else {
          await visit(included, isConstraint || option.name === '--constraint', [...ancestors, current.path]);
        }
      } else if (option.name === '--editable') {
        collected.requirements.push({
          ...parseSource(option.value ?? '', [], position),
          isEditable: true,
        });
      } else collected.options.push({ ...option, position });
    }
  }
}

async function include(file: LockFile, path: string, { line }: Position): Promise<LockFile | undefined> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) return undefined;
  const included = await file.beside(path);
  if (included === undefined)
    throw malformed(`${file.path}:${line}`, 'expected the included file, found none');
  return included;
}

/** @returns undefined for a line that is a requirement. */
function parseOption(
  text: string,
): { readonly name: string; readonly value: string | undefined } | undefined {
  if (!text.startsWith('-')) return undefined;
  const [, written = text, separator = '', rest = ''] =
    /^(--[a-z-]+|-[a-z])(\s*=\s*|\s+|)(.*)$/s.exec(text) ?? [];
  const [name = written, hasValue = true] = OPTIONS.get(written) ?? [];
  const value = unquote(rest.trim());
  return { name, value: hasValue && (separator !== '' || value !== '') ? value : undefined };
}

function parseRequirementLine(file: LockFile, { text, line }: LogicalLine, position: Position): Requirement {
  // Options of one requirement stand behind it; a `--hash` inside of a URL's fragment has no space before it.
  const at = text.search(/\s--[a-z]/);
  const main = (at === -1 ? text : text.slice(0, at)).trim();
  const hashes =
    at === -1 ? [] : [...text.slice(at).matchAll(/\s--hash(?:\s*=\s*|\s+)(\S+)/g)].map(([, value]) => value!);
  const requirement = parseRequirement(main);
  if (requirement !== undefined) {
    const { url } = requirement;
    return {
      ...requirement,
      hashes: url === undefined ? hashes : [...hashes, ...fragmentHashes(url)],
      isEditable: false,
      position,
    };
  }
  const { source } = splitMarker(main);
  if (!/^(?:[^\s<>]*|"[^"]*"|'[^']*')$/.test(source) || !/[/\\:]|\.(?:whl|zip|tar\.gz|tgz)$/.test(source)) {
    throw malformed(`${file.path}:${line}`, 'expected a requirement or an option, found another text');
  }
  return { ...parseSource(main, hashes, position), isEditable: false };
}

/** Hashes in the fragment of a URL: `#sha256=<hex>`. */
function fragmentHashes(url: string): string[] {
  return [...url.matchAll(/[#&](sha256|sha384|sha512)=([0-9a-f]+)/g)].map(
    ([, algorithm, hex]) => `${algorithm!}:${hex!}`,
  );
}

/** A URL or path in the place of a requirement; its name may stand in the fragment (`#egg=name`). */
function parseSource(
  text: string,
  hashes: readonly string[],
  position: Position,
): Omit<Requirement, 'isEditable'> {
  const { source, marker } = splitMarker(text);
  const egg = /[#&]egg=([A-Za-z0-9._-]+)/.exec(source)?.[1];
  return {
    name: egg,
    specifier: '',
    marker,
    extras: [],
    hashes: [...hashes, ...fragmentHashes(source)],
    url: unquote(source),
    position,
  };
}

/** In a URL a `;` needs white space before it to begin a marker. */
function splitMarker(text: string): { readonly source: string; readonly marker: string | undefined } {
  for (let at = text.indexOf(';'); at !== -1; at = text.indexOf(';', at + 1)) {
    if (/\s/.test(text[at - 1] ?? '')) {
      return { source: text.slice(0, at).trimEnd(), marker: text.slice(at + 1).trimStart() };
    }
  }
  return { source: text, marker: undefined };
}

function unquote(text: string): string {
  return /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;
}
