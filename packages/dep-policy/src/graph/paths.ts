import type { DependencyGraph } from './dependency-graph.ts';

/** How a package came in: from a root, through each package on the way, to the package itself. */
export interface IntroducingPath {
  /** The root's name. */
  readonly root: string;
  /** Keys of the packages, the direct dependency first and the package itself last. */
  readonly keys: readonly string[];
}

/** The ways on which a package came in. */
export interface IntroducingPaths {
  /** Shortest first; for each direct dependency of each root that leads here at least one, up to the limit. */
  readonly paths: readonly IntroducingPath[];
  /** Whether there are more than are listed. */
  readonly isCut: boolean;
}

/** Steps made in search of further paths, over all paths of one package. */
const MAX_STEPS = 400;

/** Who needs whom, read backwards. Make it once per graph. */
export class Dependents {
  readonly #parents = new Map<string, string[]>();
  readonly #roots = new Map<string, string[]>();

  constructor({ packages, roots }: DependencyGraph) {
    for (const { key, dependencies } of packages.values()) {
      for (const { to } of dependencies) if (to !== key) push(this.#parents, to, key);
    }
    for (const { name, dependencies } of roots)
      for (const { to } of dependencies) push(this.#roots, to, name);
  }

  /** Roots that need the package directly. */
  rootsOf(key: string): readonly string[] {
    return this.#roots.get(key) ?? [];
  }

  /**
   * Finds the paths from the roots to a package. Their number can grow exponentially, so that the search is bounded:
   * first the shortest path of every direct dependency, then others, shorter ones first.
   *
   * @param limit - Paths to list, at least 1.
   */
  pathsTo(key: string, limit: number): IntroducingPaths {
    const paths = this.#shortest(key, limit + 1);
    if (paths.length > limit) return { paths: paths.slice(0, limit), isCut: true };
    const known = new Set(paths.map(pathText));
    let queue: (readonly string[])[] = [[key]];
    let steps = 0;
    while (queue.length > 0) {
      const next: (readonly string[])[] = [];
      for (const keys of queue) {
        steps += 1;
        if (steps > MAX_STEPS || next.length > MAX_STEPS) return { paths, isCut: true };
        for (const root of this.rootsOf(keys[0]!)) {
          const path = { root, keys };
          if (known.has(pathText(path))) continue;
          if (paths.length >= limit) return { paths, isCut: true };
          known.add(pathText(path));
          paths.push(path);
        }
        for (const parent of this.#parents.get(keys[0]!) ?? []) {
          if (!keys.includes(parent)) next.push([parent, ...keys]);
        }
      }
      queue = next;
    }
    return { paths: paths.sort((a, b) => a.keys.length - b.keys.length), isCut: false };
  }

  /** For every package that a root needs directly and that leads here, the shortest path, up to the limit. */
  #shortest(key: string, limit: number): IntroducingPath[] {
    const towards = new Map<string, string | undefined>([[key, undefined]]);
    const paths: IntroducingPath[] = [];
    for (const at of towards.keys()) {
      for (const root of this.rootsOf(at)) {
        paths.push({ root, keys: chain(towards, at) });
        if (paths.length === limit) return paths;
      }
      // A map iterates over what is added on the way: a breadth-first search.
      for (const parent of this.#parents.get(at) ?? []) if (!towards.has(parent)) towards.set(parent, at);
    }
    return paths;
  }
}

/** Keys from one package to the end, the next one always towards it. */
function chain(towards: ReadonlyMap<string, string | undefined>, start: string): string[] {
  const keys: string[] = [];
  for (let at: string | undefined = start; at !== undefined; at = towards.get(at)) keys.push(at);
  return keys;
}

function pathText({ root, keys }: IntroducingPath): string {
  return `${root}\0${keys.join('\0')}`;
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
