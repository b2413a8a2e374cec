import { realpath } from 'node:fs/promises';
import { posix } from 'node:path';
import { normalizeName } from './ecosystem.ts';
import type { Ecosystem } from './ecosystem.ts';
import type { DependencyGraph } from './graph/dependency-graph.ts';
import { FOCUS_PRESETS } from './graph/focus.ts';
import type { PolicyFile } from './policy-file/policy-schema.ts';
import { openGraph } from './readers/read-lockfile.ts';
import type { OpenGraph } from './readers/read-lockfile.ts';
import { checkGraphSources } from './rules/graph-sources.ts';
import { checkHardening } from './rules/hardening.ts';
import { checkNpmManifests } from './rules/npm-manifests.ts';
import type { MustPin } from './rules/npm-manifests.ts';
import { checkPackageLock } from './rules/package-lock-facts.ts';
import { compareViolations, violation } from './violation.ts';
import type { Rule, Violation } from './violation.ts';

/** Rules about what is pinned and locked. All others are about where it comes from. */
export const PIN_RULES: readonly Rule[] = ['exact-pin', 'lock-mismatch', 'lock-incomplete'];

/** What to check. */
export interface CheckLocksOptions {
  /** Folder of the project. */
  readonly root: string;
  /** Lockfiles relative to it. */
  readonly lockfiles: readonly string[];
  readonly policy: PolicyFile;
}

/** Pins, integrity and sources of a project. */
export interface LocksReport {
  readonly graphs: readonly DependencyGraph[];
  /** Sorted by file, line, package and rule. */
  readonly violations: readonly Violation[];
}

/**
 * Checks locks of npm and Python against a policy: exact pins, locks in step with their manifests, hashes that are
 * there, well-formed and strong, https and allowed registries, scripts at installation, and the settings of the tools.
 * It reads files only.
 *
 * @throws {DependencyError} if the check cannot be made.
 */
export async function checkLocks({ root, lockfiles, policy }: CheckLocksOptions): Promise<LocksReport> {
  const graphs: DependencyGraph[] = [];
  const violations: Violation[] = [];
  for (const path of lockfiles) {
    const opened = await openGraph({ root, path });
    graphs.push(opened.graph);
    for (const one of await checkLock(root, opened, policy)) violations.push(one);
  }
  violations.push(...(await checkHardening(await realpath(root), graphs, policy)));
  const distinct = new Map(violations.map((one) => [JSON.stringify(one), one]));
  return { graphs, violations: [...distinct.values()].sort(compareViolations) };
}

async function checkLock(
  root: string,
  { file: lock, graph }: OpenGraph,
  policy: PolicyFile,
): Promise<Violation[]> {
  const mustPin = pinRule(policy);
  const { registries, pins } = policy;
  if (graph.format === 'pnpm-lock' && graph.formatVersion === '9.0') {
    const { checkDependencies } = await import('./check-dependencies.ts');
    const folder = posix.dirname(graph.file);
    const { violations } = await checkDependencies({
      root: folder === '.' ? root : posix.join(root, folder),
      policy: { registry: registries.npm[0], allowedRegistries: registries.npm },
    });
    return violations
      .filter(({ rule, package: name }) => rule !== 'exact-pin' || mustPin(name))
      .map((one) => ({ ...one, file: posix.join(folder, one.file) }));
  }
  const facts = graph.format === 'package-lock' ? checkPackageLock(lock, policy) : [];
  const sources = checkGraphSources(graph, { registries, hashes: pins.hashes });
  switch (graph.format) {
    case 'requirements': {
      const { checkRequirements } = await import('./rules/python-manifests.ts');
      return [...sources, ...(await checkRequirements(lock, registries.pypi, mustPin))];
    }
    case 'pylock':
    case 'uv':
    case 'poetry':
    case 'pdm':
    case 'pipfile': {
      const { checkPipfile, checkPyproject } = await import('./rules/python-project.ts');
      const check = graph.format === 'pipfile' ? checkPipfile : checkPyproject;
      return [...sources, ...(await check(lock, graph, mustPin))];
    }
    case 'package.json':
      return [
        violation(
          'lock-incomplete',
          graph.file,
          graph.file,
          undefined,
          'expected a lock, found a manifest alone',
        ),
        ...(await checkNpmManifests(lock, graph, mustPin)),
      ];
    default:
      return [...facts, ...sources, ...(await checkNpmManifests(lock, graph, mustPin))];
  }
}

/** Every direct dependency, or only those in the focus. */
function pinRule({ pins, focus }: PolicyFile): MustPin {
  if (pins.direct === 'exact') return () => true;
  if (pins.focus === 'any') return () => false;
  const presets: Readonly<Record<string, Record<Ecosystem, readonly string[]>>> = FOCUS_PRESETS;
  const names = new Set(
    focus.flatMap((one) => {
      const preset = Object.hasOwn(presets, one) ? presets[one] : undefined;
      if (preset !== undefined) return [...preset.npm, ...preset.PyPI];
      const name = one.replace(/^(?:npm|pypi):/i, '');
      return [name, normalizeName('PyPI', name)];
    }),
  );
  return (name) => names.has(name);
}
