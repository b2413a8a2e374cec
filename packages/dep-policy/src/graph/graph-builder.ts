import { normalizeName } from '../ecosystem.ts';
import type { Ecosystem } from '../ecosystem.ts';
import { DependencyError } from '../errors.ts';
import type {
  DependencyGraph,
  Edge,
  GraphProblem,
  GraphRoot,
  LockFormat,
  PackageNode,
  Position,
  Scope,
} from './dependency-graph.ts';
import { assignScopes } from './scope.ts';

/** Packages accepted in one file. */
const MAX_PACKAGES = 200_000;

/** Edges accepted in one file. */
const MAX_EDGES = 2_000_000;

/** Longest name of a package, in characters: npm's own bound. */
const MAX_NAME = 214;

/** A package as a reader finds it. What it leaves out is not known. */
export interface FoundPackage {
  readonly key: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly origin?: PackageNode['origin'];
  readonly resolved?: string | undefined;
  readonly hashes?: readonly string[];
  readonly hashless?: PackageNode['hashless'];
  readonly archives?: PackageNode['archives'];
  readonly index?: string | undefined;
  readonly position: Position;
  readonly dependencies?: readonly Edge[];
  /** The scope that the file itself says; used where no root leads to the package. */
  readonly scope?: Scope | undefined;
}

/** A package whose edges and scope are not final yet. */
type OpenNode = { -readonly [Key in keyof PackageNode]: PackageNode[Key] };

/** Collects what a reader finds and closes it to a graph: every edge leads somewhere, every package has its scope. */
export class GraphBuilder {
  readonly #ecosystem: Ecosystem;
  readonly #file: string;
  readonly #packages = new Map<string, OpenNode>();
  readonly #claimed = new Map<string, Scope>();
  readonly #roots: GraphRoot[] = [];
  readonly #problems: GraphProblem[] = [];
  #edges = 0;

  constructor(ecosystem: Ecosystem, file: string) {
    this.#ecosystem = ecosystem;
    this.#file = file;
  }

  add(found: FoundPackage): void {
    const { key, name, version, origin = 'registry', resolved, hashes = [], position } = found;
    const { dependencies = [], scope, hashless, archives, index } = found;
    if (name === '' || name.length > MAX_NAME) {
      throw this.#fault(position, `expected a name of 1 to ${MAX_NAME} characters, found ${name.length}`);
    }
    if (this.#packages.has(key)) throw this.#fault(position, 'expected every package once, found one twice');
    this.#packages.set(key, {
      key,
      ecosystem: this.#ecosystem,
      name: normalizeName(this.#ecosystem, name),
      version,
      origin,
      resolved,
      hashes,
      ...(hashless === undefined ? {} : { hashless }),
      ...(archives === undefined ? {} : { archives }),
      ...(index === undefined ? {} : { index }),
      scope: scope ?? 'runtime',
      position,
      dependencies,
    });
    if (scope !== undefined) this.#claimed.set(key, scope);
    this.#edges += dependencies.length;
    if (this.#packages.size > MAX_PACKAGES || this.#edges > MAX_EDGES) {
      throw new DependencyError(
        'ERR_DEP_LIMIT',
        `${this.#file}: expected at most ${MAX_PACKAGES} packages and ${MAX_EDGES} edges, found more`,
      );
    }
  }

  has(key: string): boolean {
    return this.#packages.has(key);
  }

  root(name: string, dependencies: readonly Edge[]): void {
    this.#roots.push({ name, dependencies });
  }

  problem(kind: GraphProblem['kind'], position: Position, message: string): void {
    this.#problems.push({ kind, position, message });
  }

  /**
   * @param edges - `none` makes every package a dependency of the one root; `found` makes those so that nothing else
   *   needs, for files that do not say what their roots are.
   */
  build(
    format: LockFormat,
    formatVersion: string | undefined,
    sha256: string,
    edges: 'known' | 'found' | 'none',
  ): DependencyGraph {
    if (edges !== 'known') {
      const needed = new Set(edges === 'found' ? this.#neededByOthers() : ([] as string[]));
      const direct = [...this.#packages.values()].filter(({ key }) => !needed.has(key));
      this.root(
        '.',
        direct.map(({ key, scope }) => ({ to: key, scope })),
      );
    }
    const roots = this.#roots.map((root) => ({ ...root, dependencies: this.#existing(root.dependencies) }));
    for (const node of this.#packages.values()) {
      node.dependencies = this.#existing(node.dependencies, node.position);
    }
    assignScopes(roots, this.#packages, this.#claimed);
    return {
      file: this.#file,
      format,
      formatVersion,
      sha256,
      roots,
      packages: this.#packages,
      edges: edges === 'none' ? 'none' : 'known',
      problems: this.#problems,
    };
  }

  /** Packages that another one needs. In a cycle that nothing else leads to, none counts as needed. */
  #neededByOthers(): string[] {
    const needed = new Set<string>();
    for (const { key, dependencies } of this.#packages.values()) {
      for (const { to } of dependencies) if (to !== key) needed.add(to);
    }
    const reached = new Set<string>();
    const follow = (start: string): void => {
      const pending = [start];
      for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
        if (reached.has(key)) continue;
        reached.add(key);
        for (const { to } of this.#packages.get(key)?.dependencies ?? []) pending.push(to);
      }
    };
    for (const key of this.#packages.keys()) if (!needed.has(key)) follow(key);
    for (const key of this.#packages.keys()) {
      if (reached.has(key)) continue;
      needed.delete(key);
      follow(key);
    }
    return [...needed];
  }

  #existing(edges: readonly Edge[], from?: Position): readonly Edge[] {
    if (edges.every(({ to }) => this.#packages.has(to))) return edges;
    return edges.filter(({ to, scope }) => {
      if (this.#packages.has(to)) return true;
      // What is optional or a peer may rightly be absent.
      if (scope === 'runtime' || scope === 'dev') {
        const position = from ?? { file: this.#file, line: 1, column: 1 };
        this.problem(
          'missing',
          position,
          'expected every dependency in the lock, found one that is not there',
        );
      }
      return false;
    });
  }

  #fault({ line }: Position, message: string): DependencyError {
    return new DependencyError('ERR_DEP_LOCKFILE', `${this.#file}:${line}: ${message}`);
  }
}
