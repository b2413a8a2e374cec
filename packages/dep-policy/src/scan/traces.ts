import type { DependencyGraph } from '../graph/dependency-graph.ts';
import { focusClosure } from '../graph/focus.ts';
import { Dependents } from '../graph/paths.ts';
import type { Finding, FindingPath } from './finding.ts';
import type { PlacedNode } from './scan.ts';

/** Places listed per finding. */
const MAX_OCCURRENCES = 50;

/** What the place of a version in the graphs adds to its findings. */
type Trace = Pick<Finding, 'occurrences' | 'paths' | 'isCut' | 'isDirect' | 'focus'>;

/** Says of packages where they stand, how they came in, and which focus they belong to. */
export class Traces {
  readonly #graphs = new Map<
    DependencyGraph,
    { readonly dependents: Dependents; readonly focus: ReadonlyMap<string, readonly string[]> }
  >();
  readonly #known = new Map<readonly PlacedNode[], Trace>();
  readonly #maxPaths: number;

  constructor(graphs: readonly DependencyGraph[], focus: readonly string[], maxPaths: number) {
    this.#maxPaths = maxPaths;
    for (const graph of graphs) {
      this.#graphs.set(graph, { dependents: new Dependents(graph), focus: focusClosure(graph, focus) });
    }
  }

  /** @param nodes - The same array for every finding in the same version: the work is then done once. */
  of(nodes: readonly PlacedNode[]): Trace {
    let trace = this.#known.get(nodes);
    if (trace === undefined) {
      trace = this.#trace(nodes);
      this.#known.set(nodes, trace);
    }
    return trace;
  }

  #trace(nodes: readonly PlacedNode[]): Trace {
    const focus = new Set<string>();
    const paths: FindingPath[] = [];
    let isDirect = false;
    let isCut = nodes.length > MAX_OCCURRENCES;
    for (const placed of nodes) {
      const { dependents, focus: closure } = this.#graphs.get(placed.graph)!;
      for (const one of closure.get(placed.node.key) ?? []) focus.add(one);
      isDirect ||= dependents.rootsOf(placed.node.key).length > 0;
      if (paths.length >= this.#maxPaths) {
        isCut = true;
        continue;
      }
      const found = dependents.pathsTo(placed.node.key, this.#maxPaths);
      isCut ||= found.isCut;
      for (const { root, keys } of found.paths) {
        const packages = keys.map((key) => label(placed.graph, key));
        paths.push({ file: placed.graph.file, root, packages });
      }
    }
    paths.sort((a, b) => a.packages.length - b.packages.length);
    return {
      occurrences: nodes
        .slice(0, MAX_OCCURRENCES)
        .map(({ node: { key, scope, position } }) => ({ ...position, key, scope })),
      paths: paths.slice(0, this.#maxPaths),
      isCut: isCut || paths.length > this.#maxPaths,
      isDirect,
      focus: [...focus],
    };
  }
}

function label({ packages }: DependencyGraph, key: string): string {
  const { name = key, version } = packages.get(key) ?? {};
  return version === undefined ? name : `${name}@${version}`;
}
