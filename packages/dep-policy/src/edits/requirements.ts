import { normalizeName } from '../ecosystem.ts';
import type { DependencyGraph } from '../graph/dependency-graph.ts';
import type { LockFile } from '../readers/lock-file.ts';
import { parseRequirements } from '../readers/requirements.ts';
import { parseRequirement, pinnedVersion } from '../readers/python-requirement.ts';
import type { EditResult, VersionChange } from './npm-manifests.ts';
import type { ProjectEdits } from './project-edits.ts';

/** Pins another version in a requirements file. One with hashes stays: those of the new archive are not known here. */
export async function bumpRequirements(
  edits: ProjectEdits,
  graph: DependencyGraph,
  file: LockFile,
  { package: name, from, to }: VersionChange,
): Promise<EditResult> {
  const { requirements } = await parseRequirements(file);
  const written: string[] = [];
  let reason: string | undefined;
  for (const { name: own, position, hashes, specifier } of requirements) {
    if (own === undefined || normalizeName('PyPI', own) !== name || pinnedVersion(specifier) !== from)
      continue;
    if (position.file !== graph.file || hashes.length > 0) {
      reason =
        hashes.length > 0
          ? `expected ${name} without hashes, found some: write the file anew with its tool`
          : `expected ${name} in ${graph.file}, found it in ${position.file}`;
      continue;
    }
    const lines = ((await edits.read(graph.file)) ?? '').split('\n');
    const line = lines[position.line - 1] ?? '';
    const edited = pinLine(line, from, to);
    if (edited === undefined) {
      reason = `${graph.file}:${position.line} is written in a way that is not edited`;
      continue;
    }
    lines[position.line - 1] = edited;
    await edits.change(graph.file, lines.join('\n'));
    written.push(`${graph.file}: ${name} ${from} -> ${to}`);
  }
  return { written, reason };
}

/** Replaces the version behind `==` or `===`, if nothing else of the requirement changes with it. */
function pinLine(line: string, from: string, to: string): string | undefined {
  for (const match of line.matchAll(/===?[ \t]*/g)) {
    const at = match.index + match[0].length;
    if (!line.startsWith(from, at)) continue;
    const edited = line.slice(0, at) + to + line.slice(at + from.length);
    const [before, after] = [bare(line), bare(edited)];
    if (before === undefined || after === undefined) continue;
    const isSame =
      before.name === after.name &&
      before.marker === after.marker &&
      before.extras.join() === after.extras.join();
    if (isSame && pinnedVersion(before.specifier) === from && pinnedVersion(after.specifier) === to)
      return edited;
  }
  return undefined;
}

function bare(line: string): ReturnType<typeof parseRequirement> {
  const comment = line.search(/(?:^|\s)#/);
  return parseRequirement((comment === -1 ? line : line.slice(0, comment)).replace(/\\?\r?$/, ''));
}
