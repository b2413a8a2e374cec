import { hashTensor, readSparse } from './attribute.ts';
import type { CanonicalHash } from './canonical-hash.ts';
import { dataType } from './data-type.ts';
import type { GraphPart } from './graph-part.ts';
import type { Inspection } from './inspection.ts';
import { mergeDims } from './declared-dims.ts';
import { known, type KnownValue } from './known-value.ts';
import type { LoadCost } from './load-cost.ts';
import type { NameTable } from './name-table.ts';
import { knownTensor } from './operator-call.ts';
import { defineName, type Scope } from './scope.ts';
import { readTensor } from './tensor.ts';
import { readValue, type ValueView } from './value-type.ts';

/** What definitions are checked with, and told to. */
export interface DefinitionContext {
  readonly inspection: Inspection;
  readonly irVersion: number;
  readonly cost: LoadCost;
  /** What the fingerprint comes from. */
  readonly hash: CanonicalHash;
  /** For digests of parts; empty between two uses. */
  readonly side: CanonicalHash;
  readonly record: ((part: GraphPart) => void) | undefined;
}

/** Where the initializers of a graph stand, and how many inputs have been defined before them. */
export interface Initializers {
  readonly initializers: readonly number[];
  readonly sparse: readonly number[];
  readonly inputs: number;
}

/** Inputs get the first ids, in order, so that an id is an index. */
export function defineInputs(
  inspection: Inspection,
  scope: Scope,
  names: NameTable,
  inputs: readonly number[],
): ValueView[] {
  const { violations } = inspection;
  const values: ValueView[] = [];
  const isMain = scope.parent === undefined && scope.key === 'graph';
  for (let index = 0; index < inputs.length; index += 2) {
    const path = `${scope.path}/input[${index / 2}]`;
    const value = readValue(inspection, inputs[index]!, inputs[index + 1]!, path);
    if (!defineName(inspection, scope, names, value.nameStart, value.nameEnd, path)) continue;
    const type = dataType(value.elementType);
    if (isMain && value.type === 'unknown')
      violations.add('value-type', path, 'expected an input with a type');
    const isClosed = value.dims?.every((dim) => typeof dim === 'number') === true;
    // What a branch or a loop is given, a runtime may know better than the branch says.
    if (value.dims !== null && type !== undefined && (isClosed || isMain)) {
      const dims = value.dims.map((dim) => (typeof dim === 'number' ? dim : NaN));
      const declared = scope.declared?.find(value.nameStart, value.nameEnd);
      scope.known[values.length] = mergeDims(known(false, type.bits, dims), declared);
    }
    values.push(value);
  }
  return values;
}

/** Adds initializers to the names; answers which inputs they give a value to. */
export function defineInitializers(
  { inspection, irVersion, cost, hash: fingerprint, side: hash, record }: DefinitionContext,
  scope: Scope,
  names: NameTable,
  { initializers, sparse, inputs }: Initializers,
): ReadonlySet<number> {
  const filled = new Set<number>();
  const define = (nameStart: number, nameEnd: number, path: string, value: KnownValue): void => {
    const id = names.find(nameStart, nameEnd);
    if (id !== -1 && id < inputs && !filled.has(id)) {
      filled.add(id);
      scope.known[id] = value;
      // Before version 4 every initializer had to be an input as well.
      if (irVersion < 4 || inspection.profile.replaceableInitializers) return;
      const message = 'expected an initializer that is no input, found one that a caller can replace';
      inspection.violations.add('initializer-shadows-input', path, message);
    } else if (defineName(inspection, scope, names, nameStart, nameEnd, path)) {
      scope.known[names.size - 1] = value;
    }
  };
  const order: { readonly name: string; readonly digest: string }[] = [];
  const add = (name: string, path: string): void => {
    const digest = hash.take();
    order.push({ name, digest });
    record?.({ kind: 'initializer', key: `${scope.key}/initializer/${name}`, path, digest });
  };
  for (let index = 0; index < initializers.length; index += 2) {
    const tensor = readTensor(
      inspection,
      initializers[index]!,
      initializers[index + 1]!,
      `${scope.path}/initializer`,
    );
    const name = inspection.text(tensor.nameStart, tensor.nameEnd);
    const path = `${scope.path}/initializer ${inspection.quotedText(tensor.nameStart, tensor.nameEnd)}`;
    define(tensor.nameStart, tensor.nameEnd, path, knownTensor(tensor));
    hash.range(tensor.nameStart, tensor.nameEnd);
    hashTensor(hash, tensor);
    add(name, path);
  }
  for (let index = 0; index < sparse.length; index += 2) {
    const path = `${scope.path}/sparse_initializer`;
    const { values, dims } = readSparse(inspection, hash, sparse[index]!, sparse[index + 1]!, path);
    if (values === undefined) {
      hash.take();
      continue;
    }
    const value = known(true, dataType(values.type)?.bits ?? 64, dims);
    cost.account(value, path);
    define(values.nameStart, values.nameEnd, path, value);
    hash.range(values.nameStart, values.nameEnd);
    const name = inspection.text(values.nameStart, values.nameEnd);
    add(name, path);
  }
  // Their order means nothing, and exporters change it.
  order.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  fingerprint.count(order.length);
  for (const { digest } of order) fingerprint.text(digest);
  return filled;
}
