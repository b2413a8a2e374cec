import { posix } from 'node:path';
import type { DependencyGraph, LockFormat } from '../graph/dependency-graph.ts';
import type { PolicyFile } from '../policy-file/policy-schema.ts';
import { readNpmrc } from '../npmrc.ts';
import type { Npmrc } from '../npmrc.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import { checkNpmrcSources } from './npmrc-sources.ts';
import type { AllowedRegistries } from './npmrc-sources.ts';
import { foldersAbove } from './settings-folder.ts';

const PYTHON_FORMATS: ReadonlySet<LockFormat> = new Set([
  'requirements',
  'pylock',
  'uv',
  'poetry',
  'pdm',
  'pipfile',
]);

/**
 * Checks that the settings which protect an installation are effective: there, in the file that the tool reads, and not
 * undone by another one. Only files of the project count; what a machine sets besides is not seen.
 */
export async function checkHardening(
  root: string,
  graphs: readonly DependencyGraph[],
  policy: PolicyFile,
): Promise<Violation[]> {
  const python = graphs.filter(({ format }) => PYTHON_FORMATS.has(format));
  const found: Violation[] = [];
  for (const folder of foldersOf(graphs, 'package-lock'))
    found.push(...checkNpm(await readNpmrc(root, folder), policy));
  if (graphs.some(({ format }) => format === 'pnpm-lock')) {
    const { checkPnpmHardening } = await import('./pnpm-hardening.ts');
    for (const folder of foldersOf(graphs, 'pnpm-lock'))
      found.push(...checkNpmrcSources(await readNpmrc(root, folder), allowedBy(policy)));
    for (const { file, format } of graphs)
      if (format === 'pnpm-lock')
        found.push(...(await checkPnpmHardening(root, posix.dirname(file), policy)));
  }
  if (graphs.some(({ format }) => format.startsWith('yarn-'))) {
    const { checkYarnBerry, checkYarnClassic } = await import('./yarn-hardening.ts');
    for (const folder of foldersOf(graphs, 'yarn-classic'))
      found.push(...(await checkYarnClassic(root, folder, policy)));
    for (const folder of foldersOf(graphs, 'yarn-berry'))
      found.push(...(await checkYarnBerry(root, folder, policy)));
  }
  if (python.length > 0) {
    const { checkPythonHardening } = await import('./python-hardening.ts');
    found.push(...(await checkPythonHardening(root, python, policy)));
  }
  return found;
}

/** Folders in which a tool can find settings for locks of a format: those of the locks, and all above them. */
function foldersOf(graphs: readonly DependencyGraph[], wanted: LockFormat): ReadonlySet<string> {
  return new Set(graphs.flatMap(({ file, format }) => (format === wanted ? foldersAbove(file) : [])));
}

function allowedBy({ registries }: PolicyFile): AllowedRegistries {
  return { main: registries.npm.slice(0, 1), all: registries.npm };
}

function checkNpm(npmrc: Npmrc, policy: PolicyFile): Violation[] {
  return [
    ...checkNpmrcSources(npmrc, allowedBy(policy)),
    ...npmrc.settings.flatMap(({ key, value, line }) => {
      if (key === 'package-lock' && value !== 'true') {
        return [violation('setting', key, npmrc.path, line, 'expected a lock, found that npm writes none')];
      }
      if ((key === 'allow-git' || key === 'allow-remote') && value === 'all') {
        return [violation('setting', key, npmrc.path, line, 'expected none or root, found all')];
      }
      return [];
    }),
  ];
}
