import { realpath } from 'node:fs/promises';
import { posix } from 'node:path';
import { normalizeName } from '../ecosystem.ts';
import type { DependencyGraph } from '../graph/dependency-graph.ts';
import { isObject, member } from '../json-value.ts';
import { writeProjectFile } from '../project-writer.ts';
import { parseJsonDocument } from '../readers/json-document.ts';
import { openLockFile, textOf } from '../readers/lock-file.ts';
import { parseRequirements } from '../readers/requirements.ts';
import { pinnedVersion } from '../readers/python-requirement.ts';
import type { Remediation, Replacement } from './remediation-plan.ts';

const FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

/** What was written, and what is left to do. */
export interface WrittenRemediation {
  /** `file: package from -> to`. */
  readonly written: readonly string[];
  /** Findings whose plan was not written, and why. */
  readonly left: readonly { readonly finding: string; readonly reason: string }[];
  /** Commands that bring the locks in step. They run no script of a package. */
  readonly commands: readonly string[];
}

/**
 * Writes the plans that are proven and stay in their major version: exact versions of direct dependencies into
 * `package.json` and `requirements.txt`, and overrides into `package.json`. Locks are left to their tools, and so is
 * everything that needs a person: other major versions, downgrades, plans that are not proven, requirements with hashes.
 *
 * @throws {DependencyError} if a file cannot be read or written.
 */
export async function writeRemediation(
  root: string,
  graphs: readonly DependencyGraph[],
  plans: readonly Remediation[],
): Promise<WrittenRemediation> {
  const folder = await realpath(root);
  const written: string[] = [];
  const left: { finding: string; reason: string }[] = [];
  const commands = new Set<string>();
  for (const plan of plans) {
    const reason = reasonToLeave(plan);
    if (reason !== undefined) {
      left.push({ finding: plan.finding, reason });
      continue;
    }
    let count = 0;
    for (const graph of graphs) {
      const done =
        graph.format === 'requirements'
          ? await writeRequirement(folder, graph, plan.replacements)
          : graph.format === 'package-lock'
            ? await writeManifest(folder, graph, plan)
            : [];
      written.push(...done);
      count += done.length;
      if (graph.format === 'package-lock' && (done.length > 0 || plan.kind === 'lock-refresh')) {
        const names = plan.replacements.map((one) => one.package).join(' ');
        commands.add(
          plan.kind === 'lock-refresh'
            ? `npm update --package-lock-only --ignore-scripts ${names}`
            : 'npm install --package-lock-only --ignore-scripts',
        );
        count += 1;
      }
    }
    if (count === 0)
      left.push({
        finding: plan.finding,
        reason: 'expected npm or plain requirements, found another lock or hashes',
      });
  }
  return { written, left, commands: [...commands] };
}

function reasonToLeave({ proof, isMajor, replacements, reason }: Remediation): string | undefined {
  if (replacements.length === 0) return reason;
  if (proof !== 'proven') return `expected a plan that is proven, found one that is ${proof}`;
  return isMajor ? 'expected the same major version, found another: a person must decide' : undefined;
}

async function writeManifest(root: string, graph: DependencyGraph, plan: Remediation): Promise<string[]> {
  if (plan.kind === 'lock-refresh') return [];
  const path = posix.join(posix.dirname(graph.file), 'package.json');
  const file = await openLockFile(root, path);
  if (file === undefined) return [];
  const text = textOf(file);
  const { value } = parseJsonDocument({ path, text }, (keys) => keys.length === 1);
  const manifest = { ...value };
  const written: string[] = [];
  for (const { ecosystem, package: name, from, to } of plan.replacements) {
    if (ecosystem !== 'npm') continue;
    const fields = FIELDS.filter((field) => {
      const wanted = member(value, field);
      return isObject(wanted) && Object.hasOwn(wanted, name);
    });
    for (const field of fields) manifest[field] = { ...(manifest[field] as object), [name]: to };
    // In a parent-bump the parent's own new range brings the subject; only an override orders what nobody asks for.
    if (fields.length === 0 && plan.kind === 'override') {
      const overrides = member(value, 'overrides');
      manifest['overrides'] = { ...(isObject(overrides) ? overrides : {}), [`${name}@${from}`]: to };
    } else if (fields.length === 0) continue;
    written.push(`${path}: ${name} ${from} -> ${to}`);
  }
  if (written.length > 0) {
    const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
    await writeProjectFile(root, path, `${JSON.stringify(manifest, undefined, indent)}\n`);
  }
  return written;
}

async function writeRequirement(
  root: string,
  graph: DependencyGraph,
  replacements: readonly Replacement[],
): Promise<string[]> {
  const file = await openLockFile(root, graph.file);
  if (file === undefined) return [];
  const { requirements } = await parseRequirements(file);
  const lines = textOf(file).split('\n');
  const written: string[] = [];
  for (const { ecosystem, package: name, from, to } of replacements) {
    if (ecosystem !== 'PyPI') continue;
    for (const requirement of requirements) {
      const { position, hashes, specifier } = requirement;
      const isOne =
        requirement.name !== undefined &&
        normalizeName('PyPI', requirement.name) === name &&
        pinnedVersion(specifier) === from &&
        position.file === graph.file;
      // The hash of the old archive would refuse the new one, and the new one's is not known here.
      if (!isOne || hashes.length > 0) continue;
      const at = position.line - 1;
      lines[at] = lines[at]!.replace(`==${from}`, `==${to}`);
      written.push(`${graph.file}: ${name} ${from} -> ${to}`);
    }
  }
  if (written.length > 0) await writeProjectFile(root, graph.file, lines.join('\n'));
  return written;
}
