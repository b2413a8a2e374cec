import { realpath } from 'node:fs/promises';
import { bumpNpm, overrideNpm } from '../edits/npm-manifests.ts';
import type { EditResult } from '../edits/npm-manifests.ts';
import { ProjectEdits } from '../edits/project-edits.ts';
import { bumpPython, overridePython } from '../edits/python-manifests.ts';
import { bumpRequirements } from '../edits/requirements.ts';
import type { DependencyGraph } from '../graph/dependency-graph.ts';
import { openLockFile } from '../readers/lock-file.ts';
import { lockCommand, refreshCommand } from './lock-commands.ts';
import type { Remediation, Replacement } from './remediation-plan.ts';

/** How plans are written. */
export interface WriteRemediationOptions {
  /** Whether to say only what would be written. Default: false. */
  readonly isDryRun?: boolean | undefined;
}

/** What was written, and what is left to do. */
export interface WrittenRemediation {
  /** `file: package from -> to`. */
  readonly written: readonly string[];
  /** Findings whose plan was not written, and why. */
  readonly left: readonly { readonly finding: string; readonly reason: string }[];
  /** Commands that bring the locks in step. Those of npm, pnpm and Yarn run no script of a package. */
  readonly commands: readonly string[];
}

/**
 * Writes the plans that are proven and stay in their major version: versions of direct dependencies into `package.json`,
 * catalogs of pnpm, `requirements.txt`, `pyproject.toml` and `Pipfile`; overrides into `package.json` (npm, Yarn's
 * resolutions), `pnpm-workspace.yaml`, and the tables of uv and PDM. Comments and white space stay as they are: an edit
 * counts only if the file then says what it said, but for that one value. All files are written together, or none.
 *
 * Locks are left to their tools, and so is everything that needs a person: other major versions, downgrades, plans that
 * are not proven, requirements with hashes, Yarn's resolutions where several versions are locked.
 *
 * @throws {DependencyError} if a file cannot be read or written, or has changed since it was read.
 */
export async function writeRemediation(
  root: string,
  graphs: readonly DependencyGraph[],
  plans: readonly Remediation[],
  { isDryRun = false }: WriteRemediationOptions = {},
): Promise<WrittenRemediation> {
  const folder = await realpath(root);
  const edits = new ProjectEdits(folder);
  const written = new Set<string>();
  const left: { finding: string; reason: string }[] = [];
  const commands = new Set<string>();
  for (const plan of plans) {
    const done: string[] = [];
    let reason = reasonToLeave(plan);
    for (const graph of reason === undefined ? graphs : []) {
      if (!plan.replacements.some((one) => isLocked(graph, one))) continue;
      const result = await writeInto(edits, folder, graph, plan);
      for (const line of result.written) written.add(line);
      if (result.command !== undefined) commands.add(result.command);
      done.push(...result.written, ...(result.command === undefined ? [] : [result.command]));
      reason ??= result.reason;
    }
    if (reason !== undefined || done.length === 0) {
      left.push({
        finding: plan.finding,
        reason: reason ?? 'expected a manifest that asks for it, found none',
      });
    }
  }
  if (!isDryRun) await edits.write();
  return { written: [...written], left, commands: [...commands] };
}

function reasonToLeave({ proof, isMajor, replacements, reason }: Remediation): string | undefined {
  if (replacements.length === 0) return reason;
  if (proof !== 'proven') return `expected a plan that is proven, found one that is ${proof}`;
  return isMajor ? 'expected the same major version, found another: a person must decide' : undefined;
}

function isLocked({ packages }: DependencyGraph, { ecosystem, package: name, from }: Replacement): boolean {
  return [...packages.values()].some(
    (node) => node.ecosystem === ecosystem && node.name === name && node.version === from,
  );
}

interface WrittenInto extends EditResult {
  readonly command?: string | undefined;
}

async function writeInto(
  edits: ProjectEdits,
  root: string,
  graph: DependencyGraph,
  { kind, replacements }: Remediation,
): Promise<WrittenInto> {
  const changes = replacements.filter((one) => isLocked(graph, one));
  if (graph.format === 'requirements') {
    const file = await openLockFile(root, graph.file);
    return file === undefined
      ? { written: [] }
      : await merged(changes.map((change) => () => bumpRequirements(edits, graph, file, change)));
  }
  if (kind === 'lock-refresh') {
    const command = refreshCommand(graph, changes);
    return command === undefined ? { written: [], reason: noRefresh(graph) } : { written: [], command };
  }
  const isNpm = changes.some(({ ecosystem }) => ecosystem === 'npm');
  const override = isNpm ? overrideNpm : overridePython;
  const bump = isNpm ? bumpNpm : bumpPython;
  const result = await merged(
    changes.map(
      (change) => () => (kind === 'override' ? override(edits, graph, change) : bump(edits, graph, change)),
    ),
  );
  // A manifest that allows the version already needs its lock refreshed, and nothing else.
  if (result.written.length > 0) return { ...result, command: lockCommand(graph, changes) };
  if (result.isAllowed) return { ...result, command: refreshCommand(graph, changes) };
  return result;
}

function noRefresh({ format, file }: DependencyGraph): string {
  return `expected a tool that refreshes one package of ${file}, found none (${format}): write the lock anew`;
}

async function merged(
  steps: readonly (() => Promise<EditResult & { readonly isAllowed?: boolean }>)[],
): Promise<EditResult & { readonly isAllowed: boolean }> {
  const written: string[] = [];
  let reason: string | undefined;
  let isAllowed = false;
  for (const step of steps) {
    const result = await step();
    written.push(...result.written);
    reason ??= result.reason;
    isAllowed ||= result.isAllowed === true;
  }
  return { written, reason, isAllowed };
}
