import { globSync } from 'node:fs';
import { basename } from 'node:path';

const SUFFIX = '.bench.ts';

/** A bench module on disk. */
export interface Discovered {
  /** File name without its `.bench.ts`. */
  readonly name: string;
  /** Folder of the project it belongs to, relative to the workspace root, `/`-separated. */
  readonly project: string;
  /** The module, relative to the workspace root, `/`-separated. */
  readonly path: string;
}

/** Finds `{packages,apps}/<project>/bench/<name>.bench.ts`, sorted by path. */
export function discoverBenches(root: string): readonly Discovered[] {
  return ['packages', 'apps']
    .flatMap((group) => globSync(`${group}/*/bench/*${SUFFIX}`, { cwd: root }))
    .map((found) => found.replaceAll('\\', '/'))
    .sort()
    .map((path) => ({
      name: basename(path, SUFFIX),
      project: path.split('/', 2).join('/'),
      path,
    }));
}

/**
 * Picks one bench by its name, or by `<project>/<name>` where two projects use the same name.
 *
 * @throws {RangeError} If none or several fit; the message lists what there is.
 */
export function selectBench(benches: readonly Discovered[], wanted: string): Discovered {
  const [first, ...others] = benches.filter(
    ({ name, project }) => wanted === name || wanted === `${basename(project)}/${name}`,
  );
  if (first === undefined) {
    throw new RangeError(
      `Expected the name of a bench, but found "${wanted}". There is: ${listNames(benches)}`,
    );
  }
  if (others.length > 0) {
    throw new RangeError(
      `Expected one bench named "${wanted}", but found several: ${listNames([first, ...others])}`,
    );
  }
  return first;
}

function listNames(benches: readonly Discovered[]): string {
  const names = benches.map(({ name, project }) => `${basename(project)}/${name}`);
  return names.length === 0 ? 'none yet' : names.join(', ');
}
