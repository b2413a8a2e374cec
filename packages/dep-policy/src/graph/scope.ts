import { SCOPES } from './dependency-graph.ts';
import type { Edge, GraphRoot, Scope } from './dependency-graph.ts';

/**
 * Gives every package its scope. A path from a root has the scope of its least needed edge (what an optional package
 * needs is optional itself); a package has that of its most needed path. A package that no root leads to keeps what the
 * file says of it, and without that counts as `runtime`.
 */
export function assignScopes(
  roots: readonly GraphRoot[],
  packages: ReadonlyMap<string, { readonly dependencies: readonly Edge[]; scope: Scope }>,
  claimed: ReadonlyMap<string, Scope>,
): void {
  const found = new Map<string, Scope>();
  // One queue per scope, emptied in order: the first visit of a package is by its most needed path.
  const queues: string[][] = SCOPES.map(() => []);
  const enqueue = (edges: readonly Edge[], level: number): void => {
    for (const { to, scope } of edges) queues[Math.max(level, SCOPES.indexOf(scope))]!.push(to);
  };
  for (const { dependencies } of roots) enqueue(dependencies, 0);
  for (const [level, queue] of queues.entries()) {
    for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
      if (found.has(key)) continue;
      found.set(key, SCOPES[level]!);
      enqueue(packages.get(key)?.dependencies ?? [], level);
    }
  }
  for (const [key, node] of packages) node.scope = found.get(key) ?? claimed.get(key) ?? 'runtime';
}
