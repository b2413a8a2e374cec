import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { count, type Console } from './console.ts';
import { UsageError } from './exit.ts';

/** Options of every command that hashes a model. */
export interface ModelFlags {
  readonly ignorePaths?: readonly string[];
  readonly ignoreGitPaths: boolean;
  readonly allowSymlinks: boolean;
}

export function addModelOptions(command: Command): Command {
  return command
    .option('--ignore-paths <path...>', 'leave these out, and all below them; no patterns')
    .option('--no-ignore-git-paths', 'count .git, .gitattributes, .github and .gitignore in')
    .option('--ignore-git-paths', 'leave them out (default)', true);
}

/** An option that may be given more than once. */
export function collect(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value];
}

/** Ignored paths as the library wants them: relative to the model. Given relative to it, or to the current folder. */
export function toIgnoredPaths(model: string, paths: readonly string[] = []): string[] {
  return paths.map((path) => {
    const inside = relative(resolve(model), resolve(path));
    const isInside = inside !== '' && !isAbsolute(inside) && inside.split(sep)[0] !== '..';
    if (!isInside && isAbsolute(path)) throw new UsageError(`${path} does not lie in the model`);
    return (isInside ? inside : path).replaceAll(sep, '/').replace(/^\.\//, '');
  });
}

/** Says how far the reading is, once it has taken a second. */
export function progressLine(console: Console): (read: number, total: number) => void {
  const start = performance.now();
  return (read, total) => {
    if (performance.now() - start < 1000) return;
    const percent = total === 0 ? 100 : Math.floor((read / total) * 100);
    console.progress(`${percent} %  ${count(read)} of ${count(total)} bytes`);
  };
}

/** Runs what uses a library whose `TypeError` says that an option is wrong. */
export async function asUsage<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}
