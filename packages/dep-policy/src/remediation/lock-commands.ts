import { posix } from 'node:path';
import type { DependencyGraph } from '../graph/dependency-graph.ts';
import type { Replacement } from './remediation-plan.ts';

/** The command that writes a lock anew after its manifest was edited. With npm, pnpm and Yarn no script is run. */
export function lockCommand(
  graph: DependencyGraph,
  changes: readonly Pick<Replacement, 'package' | 'to'>[],
): string | undefined {
  switch (graph.format) {
    case 'package-lock':
      return inFolder(graph, 'npm install --package-lock-only --ignore-scripts');
    case 'pnpm-lock':
      return inFolder(graph, 'pnpm install --lockfile-only --ignore-scripts');
    case 'yarn-classic':
      return inFolder(graph, 'yarn install --ignore-scripts');
    case 'yarn-berry':
      return inFolder(graph, 'yarn install --mode=update-lockfile');
    case 'uv':
      return inFolder(graph, 'uv lock');
    case 'poetry':
      return inFolder(graph, 'poetry lock');
    case 'pdm':
      return inFolder(graph, 'pdm lock --update-reuse');
    case 'pipfile':
      return refreshCommand(graph, changes);
    case 'package.json':
    case 'requirements':
    case 'pylock':
      return undefined;
  }
}

/** The command that moves some packages of a lock to versions that their manifests allow already. */
export function refreshCommand(
  graph: DependencyGraph,
  changes: readonly Pick<Replacement, 'package' | 'to'>[],
): string | undefined {
  const names = changes.map((one) => quoted(one.package)).join(' ');
  const pinned = changes.map((one) => quoted(`${one.package}==${one.to}`));
  switch (graph.format) {
    case 'package-lock':
      return inFolder(graph, `npm update --package-lock-only --ignore-scripts ${names}`);
    case 'pnpm-lock':
      return inFolder(
        graph,
        `pnpm update --depth Infinity --no-save --lockfile-only --ignore-scripts ${names}`,
      );
    case 'yarn-berry':
      return inFolder(graph, `yarn up --recursive --mode=update-lockfile ${names}`);
    case 'uv':
      return inFolder(graph, `uv lock ${pinned.map((one) => `--upgrade-package ${one}`).join(' ')}`);
    case 'poetry':
      return inFolder(graph, `poetry update --lock ${names}`);
    case 'pdm':
      return inFolder(graph, `pdm update --no-sync ${names}`);
    case 'pipfile':
      return inFolder(graph, `pipenv upgrade --lock-only ${pinned.join(' ')}`);
    case 'yarn-classic':
    case 'package.json':
    case 'requirements':
    case 'pylock':
      return undefined;
  }
}

function inFolder({ file }: DependencyGraph, command: string): string {
  const folder = posix.dirname(file);
  return folder === '.' ? command : `cd ${quoted(folder)} && ${command}`;
}

/** Names come out of locks: a person will paste them into a shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
