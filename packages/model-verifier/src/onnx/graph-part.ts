import type { Inspection } from './inspection.ts';
import type { OperatorUse } from './operator-table.ts';
import type { PlaceList } from './place-list.ts';
import type { Scope } from './scope.ts';

/** One thing of a graph, told apart from the same thing of another version by what it is. */
export interface GraphPart {
  readonly kind: 'node' | 'initializer' | 'input' | 'output';
  /** The same in two versions of a graph, if the part is the same. */
  readonly key: string;
  /** For people. */
  readonly path: string;
  /** `Conv`, or `domain.Type`; a node's only. */
  readonly operator?: string;
  /** SHA-256 of what counts for the fingerprint. */
  readonly digest: string;
}

/** A node is the same node while the first value it makes has the same name. */
export function nodeKey(
  inspection: Inspection,
  scope: Scope,
  use: OperatorUse,
  outs: PlaceList,
  index: number,
): string {
  for (let at = 0; at < outs.count * 2; at += 2) {
    const start = outs.at[at]!;
    const end = outs.at[at + 1]!;
    if (start < end) return `${scope.key}/node/${inspection.text(start, end)}`;
  }
  return `${scope.key}/node/${use.type}[${index}]`;
}
