import { inspectParts, type InspectOnnxOptions } from './inspect.ts';
import type { GraphPart } from './graph-part.ts';

/** A node, initializer, input or output that differs between two models. */
export interface GraphChange {
  readonly change: 'added' | 'removed' | 'changed';
  readonly kind: GraphPart['kind'];
  /** Where it stands: in the second model, or in the first if it is gone. */
  readonly path: string;
  /** Name of the value that it makes, or is. */
  readonly name: string;
  /** `Conv`, or `com.example.Other`; a node's only. After a change, the new one. */
  readonly operator?: string;
}

/** What became of a graph, node by node. */
export interface GraphDiff {
  /** Whether the fingerprints are equal; then nothing below differs. */
  readonly isSame: boolean;
  readonly before: string;
  readonly after: string;
  /** In the order of the second model, removed parts last. */
  readonly changes: readonly GraphChange[];
}

/**
 * Compares the graphs of two models and names what was added, removed or changed. Weights do not count, so a
 * retrained model shows no change and one with a branch grafted in shows the branch. A node is known by the name of
 * the first value it makes.
 *
 * @throws {ModelError} As `inspectOnnx`. Violations of either model are not looked at.
 */
export function diffGraph(
  before: Uint8Array,
  after: Uint8Array,
  options: InspectOnnxOptions = {},
): GraphDiff {
  const old = readParts(before, options);
  const young = readParts(after, options);
  const changes: GraphChange[] = [];
  for (const [key, part] of young.parts) {
    const same = old.parts.get(key);
    if (same?.digest === part.digest) continue;
    changes.push(toChange(same === undefined ? 'added' : 'changed', part));
  }
  for (const [key, part] of old.parts) if (!young.parts.has(key)) changes.push(toChange('removed', part));
  return {
    isSame: old.fingerprint === young.fingerprint,
    before: old.fingerprint,
    after: young.fingerprint,
    changes,
  };
}

function readParts(
  bytes: Uint8Array,
  options: InspectOnnxOptions,
): { readonly parts: ReadonlyMap<string, GraphPart>; readonly fingerprint: string } {
  const parts = new Map<string, GraphPart>();
  const twins = new Map<string, number>();
  const { graphFingerprint } = inspectParts(bytes, options, (part) => {
    // A name given twice is a violation; for the comparison the second part is another one.
    const twin = (twins.get(part.key) ?? 0) + 1;
    twins.set(part.key, twin);
    parts.set(twin === 1 ? part.key : `${part.key}#${twin}`, part);
  });
  return { parts, fingerprint: graphFingerprint };
}

function toChange(change: GraphChange['change'], { kind, key, path, operator }: GraphPart): GraphChange {
  const name = key.slice(key.lastIndexOf(`/${kind}/`) + kind.length + 2);
  return { change, kind, path, name, ...(operator !== undefined && { operator }) };
}
