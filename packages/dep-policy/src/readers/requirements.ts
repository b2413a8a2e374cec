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
import { splitOptions } from './requirements-options.ts';
import type { SplitLine, WrittenOption } from './requirements-options.ts';

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
  /** Those of `-c` files: they restrict, and install nothing of their own. */
  readonly constraints: readonly Requirement[];
  readonly options: readonly RequirementsOption[];
  /** Includes that were not followed, such as URLs. */
  readonly unread: readonly Position[];
}

/** Options that stand behind one requirement, for it alone. */
const OWN_OPTIONS: ReadonlySet<string> = new Set([
  '--hash',
  '--global-option',
  '--install-option',
  '--config-settings',
]);

/** Options that name a file or a source, of which pip takes the first of a line and no other. */
const SOURCE_OPTIONS: ReadonlySet<string> = new Set(['--requirement', '--constraint', '--editable']);

/** What pip replaces by a variable of the environment. */
const VARIABLE = /\$\{[A-Z0-9_]+\}/;

/**
 * Reads a requirements file as a graph. It is a flat list: who needs whom it does not say, nor whether all that is
 * needed is in it. A version counts as known if the requirement pins it, or a constraint does.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`, `ERR_DEP_UNREADABLE`
 */
export async function readRequirements(file: LockFile): Promise<DependencyGraph> {
  const { requirements, constraints, unread } = await parseRequirements(file);
  const builder = new GraphBuilder('PyPI', file.path);
  for (const position of unread) {
    builder.problem('unread', position, 'expected a file of the project, found an include that was not read');
  }
  const copies = new Map<string, number>();
  for (const requirement of requirements) {
    addRequirement(builder, constrained(requirement, constraints), copies);
  }
  return builder.build('requirements', undefined, file.sha256, 'none');
}

/** A requirement as its constraints leave it. */
export type ConstrainedRequirement = Requirement & {
  /** The one version that it, or a constraint on it, allows. */
  readonly pin: string | undefined;
};

/**
 * Puts the constraints on a requirement. One that is a URL takes the place of the index; one with a version pins where
 * it always holds, which with a marker it does only for a requirement with the same marker.
 */
export function constrained(
  requirement: Requirement,
  constraints: readonly Requirement[],
): ConstrainedRequirement {
  const own = { ...requirement, pin: pinnedVersion(requirement.specifier) };
  const { name, url, marker } = requirement;
  if (name === undefined || url !== undefined) return own;
  const onIt = constraints.filter((one) => isNamed(one, name));
  const source = onIt.find((one) => one.url !== undefined);
  if (source !== undefined) return { ...own, url: source.url, hashes: [...own.hashes, ...source.hashes] };
  const pins = new Set(
    onIt
      .filter((one) => one.marker === undefined || one.marker === marker)
      .flatMap(({ specifier }) => pinnedVersion(specifier) ?? []),
  );
  // Two that differ are nothing that could be installed.
  return own.pin === undefined && pins.size === 1 ? { ...own, pin: [...pins][0] } : own;
}

function isNamed({ name, url }: Requirement, wanted: string): boolean {
  const real = name ?? (url === undefined ? undefined : parseArchiveName(archiveOf(url))?.name);
  return real !== undefined && normalizeName('PyPI', real) === normalizeName('PyPI', wanted);
}

function addRequirement(
  builder: GraphBuilder,
  { name, specifier, hashes, url, pin, position }: ConstrainedRequirement,
  copies: Map<string, number>,
): void {
  const archive = url === undefined ? undefined : parseArchiveName(archiveOf(url));
  const real = name ?? archive?.name;
  if (real === undefined) {
    builder.problem('unread', position, 'expected a package with a name, found a source without one');
    return;
  }
  const version = url === undefined ? pin : archive?.version;
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
      const { requirement, options } = splitLine(current, line);
      if (requirement !== '') {
        const list = isConstraint ? collected.constraints : collected.requirements;
        list.push(parseRequirementText(current, requirement, options, position));
        continue;
      }
      for (const { name, value = '' } of options) {
        if (name === '--editable') {
          collected.requirements.push({ ...parseSource(value, [], position), isEditable: true });
        } else if (SOURCE_OPTIONS.has(name)) {
          const included = await include(current, value, position);
          if (included === undefined) collected.unread.push(position);
          // What a file of constraints includes with `-r` is installed.
          else await visit(included, name === '--constraint', [...ancestors, current.path]);
        } else collected.options.push({ name, value: value === '' ? undefined : value, position });
      }
    }
  }
}

/** Reads an include. What is not read here: URLs, and paths that the environment decides. */
async function include(file: LockFile, path: string, { line }: Position): Promise<LockFile | undefined> {
  if (/^(?:https?|file):|^[a-z][a-z0-9+.-]*:\/\//i.test(path) || VARIABLE.test(path)) return undefined;
  if (path.includes('\\')) {
    throw malformed(`${file.path}:${line}`, 'expected a path with /, found one with a backslash');
  }
  const included = await file.beside(path);
  if (included === undefined)
    throw malformed(`${file.path}:${line}`, 'expected the included file, found none');
  return included;
}

/** A line as its requirement or its options. What pip would pass over is refused: it looks like more than it is. */
function splitLine(file: LockFile, { text, line }: LogicalLine): SplitLine {
  const split = splitOptions(text);
  const refuse = (message: string): never => {
    throw malformed(`${file.path}:${line}`, message);
  };
  if ('fault' in split) return refuse(split.fault);
  const { requirement, options, rest } = split;
  const isOwn = ({ name }: WrittenOption): boolean => OWN_OPTIONS.has(name);
  if (requirement === '' ? options.some(isOwn) : !options.every(isOwn)) {
    return refuse('expected options of the line, or of its requirement alone, found others');
  }
  if (options.filter(({ name }) => SOURCE_OPTIONS.has(name)).length > 1) {
    return refuse('expected one file or source in a line, found several');
  }
  // A marker behind an editable source has no effect.
  if (rest.length > 0 && !(rest[0]!.startsWith(';') && options.at(-1)?.name === '--editable')) {
    return refuse('expected nothing behind the options, found more text');
  }
  return split;
}

function parseRequirementText(
  file: LockFile,
  text: string,
  options: readonly WrittenOption[],
  position: Position,
): Requirement {
  const hashes = options.flatMap(({ name, value }) => (name === '--hash' ? (value ?? []) : []));
  const { source } = splitMarker(text);
  const requirement = parseRequirement(text);
  // pip takes `name===1.zip` for a file if there is one of that name.
  if (requirement !== undefined && (requirement.url !== undefined || !isArchive(source))) {
    const { url } = requirement;
    if (url === undefined && VARIABLE.test(text)) {
      throw malformed(
        `${file.path}:${position.line}`,
        'expected a requirement without variables of the environment, found one',
      );
    }
    return {
      ...requirement,
      hashes: url === undefined ? hashes : [...hashes, ...fragmentHashes(url)],
      isEditable: false,
      position,
    };
  }
  if (!/^(?:[^\s<>]*|"[^"]*"|'[^']*')$/.test(source) || !(/[/\\:]/.test(source) || isArchive(source))) {
    throw malformed(
      `${file.path}:${position.line}`,
      'expected a requirement or an option, found another text',
    );
  }
  return { ...parseSource(text, hashes, position), isEditable: false };
}

/** Whether pip would take it for an archive by its ending. */
function isArchive(source: string): boolean {
  return /\.(?:whl|zip|tar|tar\.gz|tgz|tar\.bz2|tbz|tar\.xz|txz|tlz|tar\.lz|tar\.lzma)$/i.test(source.trim());
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
