import { realpath } from 'node:fs/promises';
import { posix } from 'node:path';
import { ProjectEdits } from './edits/project-edits.ts';
import { pinPython } from './edits/python-manifests.ts';
import { isExactVersion } from './exact-version.ts';
import type { DependencyGraph } from './graph/dependency-graph.ts';
import { isObject, member } from './json-value.ts';
import { writeProjectFile } from './project-writer.ts';
import { parseJsonDocument } from './readers/json-document.ts';
import { openLockFile, textOf } from './readers/lock-file.ts';
import { lockCommand } from './remediation/lock-commands.ts';
import { parseSpecifier } from './specifier.ts';
import { parseYaml } from './yaml-document.ts';

const FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

/** One dependency that was a range or a tag, and is exact now. */
export interface WrittenPin {
  readonly file: string;
  readonly package: string;
  readonly from: string;
  readonly to: string;
}

/** What was pinned, and what the lock does not say. */
export interface PinResult {
  readonly pinned: readonly WrittenPin[];
  /** `file: package` of dependencies that are not exact and stay so. */
  readonly left: readonly string[];
  /** Commands that bring those locks in step that are not written here: all but npm's and pnpm's. */
  readonly commands: readonly string[];
}

/**
 * Pins the direct dependencies of npm, pnpm and Yarn manifests, of `pyproject.toml` and of `Pipfile` to what their lock
 * has. Locks of npm and pnpm get the same written into them, so that the two stay in step; for the others the command is
 * named that does. Nothing is resolved anew.
 *
 * @param isDryRun - Whether to say only what would be written.
 * @throws {DependencyError} if a file cannot be read or written.
 */
export async function writePins(
  root: string,
  graphs: readonly DependencyGraph[],
  isDryRun = false,
): Promise<PinResult> {
  const folder = await realpath(root);
  const pinned: WrittenPin[] = [];
  const left: string[] = [];
  const commands = new Set<string>();
  for (const graph of graphs) {
    if (['uv', 'poetry', 'pdm', 'pipfile'].includes(graph.format)) {
      const edits = new ProjectEdits(folder);
      const python = await pinPython(edits, graph);
      pinned.push(...python.pinned);
      left.push(...python.left);
      if (python.pinned.length > 0) {
        // Pinned to what is locked, nothing is there to be upgraded.
        const changes = python.pinned.map((one) => ({ package: one.package, to: one.to.replace(/^==/, '') }));
        commands.add(lockCommand(graph, changes) ?? '');
      }
      if (!isDryRun) await edits.write();
      continue;
    }
    if (!['package-lock', 'pnpm-lock', 'yarn-classic', 'yarn-berry'].includes(graph.format)) continue;
    const inLock: {
      readonly folder: string;
      readonly field: string;
      readonly name: string;
      readonly to: string;
    }[] = [];
    for (const { name: member } of graph.roots) {
      const path = posix.normalize(posix.join(posix.dirname(graph.file), member, 'package.json'));
      const edits = await manifestEdits(folder, path, graph, member);
      if (edits === undefined) continue;
      left.push(...edits.left);
      pinned.push(...edits.pins.map(({ name, from, to }) => ({ file: path, package: name, from, to })));
      inLock.push(...edits.pins.map((one) => ({ ...one, folder: member })));
      if (!isDryRun && edits.text !== undefined) await writeProjectFile(folder, path, edits.text);
    }
    const isYarn = graph.format === 'yarn-classic' || graph.format === 'yarn-berry';
    if (isYarn && inLock.length > 0) commands.add(lockCommand(graph, []) ?? '');
    else if (!isDryRun && inLock.length > 0) await writeLock(folder, graph, inLock);
  }
  return { pinned, left, commands: [...commands] };
}

interface Pin {
  readonly field: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

async function manifestEdits(
  root: string,
  path: string,
  graph: DependencyGraph,
  folder: string,
): Promise<
  { readonly pins: readonly Pin[]; readonly left: readonly string[]; readonly text?: string } | undefined
> {
  const file = await openLockFile(root, path);
  if (file === undefined) return undefined;
  const text = textOf(file);
  const document = parseJsonDocument({ path, text }, (keys) => keys.length === 1);
  const locked = (graph.roots.find(({ name }) => name === folder)?.dependencies ?? []).flatMap(
    ({ to }) => graph.packages.get(to) ?? [],
  );
  const pins: Pin[] = [];
  const left: string[] = [];
  let edited = text;
  for (const field of FIELDS) {
    const wanted = member(document.value, field);
    for (const [name, specifier] of Object.entries(isObject(wanted) ? wanted : {})) {
      if (typeof specifier !== 'string' || parseSpecifier(specifier).kind !== 'inexact') continue;
      const real = /^npm:((?:@[^/@]+\/)?[^/@]+)/.exec(specifier)?.[1];
      const versions = new Set(
        locked
          .filter((node) => node.name === (real ?? name) && node.origin === 'registry')
          .map(({ version }) => version),
      );
      const [version] = versions;
      if (versions.size !== 1 || version === undefined || !isExactVersion(version)) {
        left.push(`${path}: ${name}`);
        continue;
      }
      const to = real === undefined ? version : `npm:${real}@${version}`;
      edited = replaceMember(edited, document.positionOf(field, name), name, specifier, to);
      pins.push({ field, name, from: specifier, to });
    }
  }
  return { pins, left, ...(pins.length === 0 ? {} : { text: edited }) };
}

/** Replaces the text of one member, and leaves everything else in the file as it is. */
function replaceMember(
  text: string,
  { line }: { readonly line: number },
  name: string,
  from: string,
  to: string,
): string {
  const lines = text.split('\n');
  const rest = lines.slice(line - 1).join('\n');
  const pattern = new RegExp(`(${escaped(JSON.stringify(name))}\\s*:\\s*)${escaped(JSON.stringify(from))}`);
  return [
    ...lines.slice(0, line - 1),
    rest.replace(pattern, (_match, key: string) => key + JSON.stringify(to)),
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

async function writeLock(
  root: string,
  { file: path, format }: DependencyGraph,
  pins: readonly (Pick<Pin, 'field' | 'name' | 'to'> & { readonly folder: string })[],
): Promise<void> {
  const file = await openLockFile(root, path);
  if (file === undefined || (format !== 'package-lock' && format !== 'pnpm-lock')) return;
  let text = textOf(file);
  if (format === 'package-lock') {
    const document = parseJsonDocument({ path, text }, (keys) => keys[0] === 'packages' && keys.length <= 3);
    for (const { folder, field, name, to } of pins) {
      const key = folder === '.' ? '' : folder;
      const packages = member(document.value, 'packages');
      const own = isObject(packages) ? member(packages, key) : undefined;
      const wanted = isObject(own) ? member(own, field) : undefined;
      const from = isObject(wanted) ? member(wanted, name) : undefined;
      if (typeof from === 'string')
        text = replaceMember(text, document.positionOf('packages', key, field, name), name, from, to);
    }
  } else {
    const document = parseYaml({ path, bytes: file.bytes, text }, 'ERR_DEP_LOCKFILE');
    const lines = text.split('\n');
    for (const { folder, field, name, to } of pins) {
      const line = document.lineOf('importers', folder, field, name, 'specifier');
      if (line === undefined) continue;
      lines[line - 1] = lines[line - 1]!.replace(
        /(specifier:\s*)(?:'[^']*'|"[^"]*"|[^\s,}]+)/,
        (_match, key: string) => key + to,
      );
    }
    text = lines.join('\n');
  }
  await writeProjectFile(root, path, text);
}
