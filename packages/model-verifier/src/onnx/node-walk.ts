import { ModelError } from '../errors.ts';
import { attributesByName, readAttribute } from './attribute.ts';
import type { CanonicalHash } from './canonical-hash.ts';
import { mergeDims } from './declared-dims.ts';
import type { FunctionTable } from './function-table.ts';
import { nodeKey, type GraphPart } from './graph-part.ts';
import type { Inspection } from './inspection.ts';
import type { LoadCost } from './load-cost.ts';
import type { NameTable } from './name-table.ts';
import { NodePlaces } from './node-places.ts';
import type { OperatorTable, OperatorUse } from './operator-table.ts';
import { defineName, isVisible, type NewScope, type Scope } from './scope.ts';
import { quoted } from './violation.ts';

/** Attributes that one node may have: the richest of the standard has 22. */
const MAX_NODE_ATTRIBUTES = 256;

/** What nodes are checked with, and told to. */
export interface NodeContext {
  readonly inspection: Inspection;
  readonly functions: FunctionTable;
  readonly operators: OperatorTable;
  readonly cost: LoadCost;
  /** What the fingerprint comes from. */
  readonly hash: CanonicalHash;
  /** For digests of parts; empty between two uses. */
  readonly side: CanonicalHash;
  readonly record: ((part: GraphPart) => void) | undefined;
  /** Takes a graph that stands in an attribute. */
  add(scope: NewScope): void;
}

/** Checks nodes one after the other: operator, names, attributes, sizes. Only one with something to say costs memory. */
export class NodeWalk {
  readonly #inspection: Inspection;
  readonly #functions: FunctionTable;
  readonly #operators: OperatorTable;
  readonly #cost: LoadCost;
  readonly #hash: CanonicalHash;
  readonly #context: NodeContext;
  /** Graphs seen in attributes so far. */
  #graphs = 0;
  /** Id of the first name that a node of the scope at hand makes. */
  #firstMade = 0;

  /** The node at hand. */
  readonly #node: NodePlaces;
  #scope: Scope | undefined;
  #index = 0;
  /** Where the node at hand stands, for people: asked for only if something is wrong with it. */
  readonly #path = (): string => {
    const { nameStart, nameEnd } = this.#node;
    const name = nameEnd > nameStart ? ` ${this.#inspection.quotedText(nameStart, nameEnd)}` : '';
    return `${this.#scope?.path ?? ''}/node[${this.#index}]${name}`;
  };

  constructor(context: NodeContext) {
    this.#context = context;
    this.#inspection = context.inspection;
    this.#functions = context.functions;
    this.#operators = context.operators;
    this.#cost = context.cost;
    this.#hash = context.hash;
    this.#node = new NodePlaces(context.inspection.bytes);
  }

  /** Starts with the nodes of another scope, whose other names are all defined. */
  open(scope: Scope, names: NameTable): void {
    this.#scope = scope;
    this.#index = 0;
    this.#firstMade = names.size;
  }

  /** Checks the next node of the scope, which stands between `start` and `end`. */
  next(scope: Scope, names: NameTable, start: number, end: number): void {
    const inspection = this.#inspection;
    const node = this.#node;
    node.read(start, end);
    const path = this.#path;
    const overload =
      node.overloadStart === node.overloadEnd ? '' : inspection.text(node.overloadStart, node.overloadEnd);

    const { typeStart, typeEnd } = node;
    const use = this.#operators.use(node.domainStart, node.domainEnd, typeStart, typeEnd);
    const callee = use.hasFunctions ? this.#functions.find(use.domain, use.type, overload) : -1;
    if (callee === -1) {
      if (!use.isChecked) this.#operators.check(use, path());
      if (use.importedBy !== scope.opsets && typeEnd > typeStart) {
        if (scope.opsets.has(use.domain)) use.importedBy = scope.opsets;
        else {
          const message = 'expected an import of the operator set, found none';
          inspection.violations.add('opset-missing', path(), message);
        }
      }
    }
    this.#functions.count(scope.owner, callee);

    this.#resolve(scope, names);
    const { outs, attributes } = node;
    const isRecorded = this.#context.record !== undefined;
    const key = isRecorded ? nodeKey(inspection, scope, use, outs, this.#index) : '';
    this.#hashNode(this.#hash, use, overload);
    if (attributes.length === 0) this.#hash.count(0);
    else this.#readAttributes(scope, key);
    if (isRecorded) this.#recordNode(scope, use, overload, key);

    const results = this.#cost.evaluate(scope, use, callee, node, path);
    for (let index = 0; index < outs.count; index++) {
      const from = outs.at[index * 2]!;
      const to = outs.at[index * 2 + 1]!;
      if (from === to || !defineName(inspection, scope, names, from, to, path)) continue;
      if (results === undefined) continue;
      let value = results[index];
      if (value !== undefined && !value.isConstant) value = mergeDims(value, scope.declared?.find(from, to));
      if (value !== undefined) scope.known[names.size - 1] = value;
    }
    this.#index++;
  }

  /** Finds the inputs of the node among the names made before it. */
  #resolve(scope: Scope, names: NameTable): void {
    const { ins } = this.#node;
    for (let index = 0; index < ins.count; index++) {
      const start = ins.at[index * 2]!;
      const end = ins.at[index * 2 + 1]!;
      // Left out where it is empty.
      const id = start === end ? -1 : names.find(start, end);
      ins.ids[index] = id;
      if (id !== -1 || start === end || isVisible(scope.parent, start, end)) continue;
      const name = this.#inspection.quotedText(start, end);
      const message = `expected inputs made before the node, found ${name}`;
      this.#inspection.violations.add('name-undefined', this.#path(), message);
    }
  }

  /** @param isAlone - For a digest that other nodes do not change. */
  #hashNode(hash: CanonicalHash, use: OperatorUse, overload: string, isAlone = false): void {
    hash.prepared(use.canonical);
    if (overload === '') hash.count(0);
    else hash.text(overload);
    const { ins, outs } = this.#node;
    hash.count(ins.count);
    for (let index = 0; index < ins.count; index++) {
      const made = ins.ids[index]! - this.#firstMade;
      // The how manieth value that nodes make, or the name of another: those have no order. Names are shorter than 2^31.
      if (made >= 0 && !isAlone) hash.count(0x80000000 + made);
      else hash.range(ins.at[index * 2]!, ins.at[index * 2 + 1]!);
    }
    hash.count(outs.count);
    for (let at = 0; at < outs.count * 2; at += 2) hash.range(outs.at[at]!, outs.at[at + 1]!);
  }

  #readAttributes(scope: Scope, key: string, quiet?: CanonicalHash): void {
    this.readAttributes(scope, this.#node.attributes, this.#path, key, quiet);
  }

  /** Reads attributes in the order of their names, which is the order they have in a fingerprint. */
  readAttributes(
    scope: Scope,
    places: readonly number[],
    path: () => string,
    key: string,
    quiet?: CanonicalHash,
  ): void {
    const inspection = quiet === undefined ? this.#inspection : this.#inspection.quiet();
    const hash = quiet ?? this.#hash;
    hash.count(places.length / 2);
    if (places.length / 2 > MAX_NODE_ATTRIBUTES) {
      throw new ModelError(
        'ERR_MODEL_LIMIT',
        `expected at most ${MAX_NODE_ATTRIBUTES} attributes per node, found more`,
      );
    }
    const context = {
      inspection,
      hash,
      formals: scope.formals,
      addGraph: (start: number, end: number, attribute: string): number => {
        if (quiet !== undefined) return 0;
        const inner = {
          isFunction: false,
          start,
          end,
          parent: scope,
          owner: scope.owner,
          opsets: scope.opsets,
        };
        const innerPath = `${path()}/attribute ${quoted(attribute)}/graph`;
        this.#context.add({ ...inner, path: innerPath, key: `${key}/${attribute}`, formals: scope.formals });
        return ++this.#graphs;
      },
    };
    let previous: string | undefined;
    for (const { name, start, end } of attributesByName(inspection, places)) {
      if (name === previous) {
        const message = 'expected attributes of different names, found one twice';
        inspection.violations.add('attribute-duplicate', path(), message);
      }
      previous = name;
      readAttribute(context, start, end, path);
    }
  }

  #recordNode(scope: Scope, use: OperatorUse, overload: string, key: string): void {
    const hash = this.#context.side;
    this.#hashNode(hash, use, overload, true);
    this.#readAttributes(scope, key, hash);
    const operator = use.domain === 'ai.onnx' ? use.type : `${use.domain}.${use.type}`;
    this.#context.record?.({ kind: 'node', key, path: this.#path(), operator, digest: hash.take() });
  }
}
