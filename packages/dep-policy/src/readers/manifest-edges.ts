import type { Edge, Scope } from '../graph/dependency-graph.ts';
import { isObject, member } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';

const FIELDS: readonly (readonly [field: string, scope: Scope])[] = [
  ['dependencies', 'runtime'],
  ['optionalDependencies', 'optional'],
  ['peerDependencies', 'peer'],
  ['devDependencies', 'dev'],
];

/**
 * The edges that a manifest, or a lock's copy of it, asks for.
 *
 * @param withDev - Whether its devDependencies are installed: for the project's own manifests only.
 * @param resolve - Gives the key of what a name, and what is asked of it, leads to.
 */
export function manifestEdges(
  manifest: JsonObject,
  withDev: boolean,
  resolve: (name: string, specifier: string) => string,
): Edge[] {
  const edges = new Map<string, Edge>();
  for (const [field, scope] of FIELDS) {
    if (scope === 'dev' && !withDev) continue;
    const wanted = member(manifest, field);
    if (!isObject(wanted)) continue;
    for (const [name, specifier] of Object.entries(wanted)) {
      // npm lists an optional dependency among the dependencies too; the more precise field says what it is.
      if (typeof specifier !== 'string' || (scope === 'peer' && edges.has(name))) continue;
      if (scope === 'dev' && edges.get(name)?.scope === 'runtime') continue;
      edges.set(name, { to: resolve(name, specifier), scope });
    }
  }
  return [...edges.values()];
}
