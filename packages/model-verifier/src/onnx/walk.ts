import { ModelError } from '../errors.ts';
import { attributesByName, readAttribute } from './attribute.ts';
import { CanonicalHash } from './canonical-hash.ts';
import { Cursor } from './cursor.ts';
import { defineInitializers, defineInputs } from './definitions.ts';
import type { FunctionTable } from './function-table.ts';
import { nodeKey, type GraphPart } from './graph-part.ts';
import type { Inspection } from './inspection.ts';
import { OPAQUE } from './known-value.ts';
import { LoadCost, type NodePlaces } from './load-cost.ts';
import { NameTable } from './name-table.ts';
import { OperatorTable, type OperatorUse } from './operator-table.ts';
import { PlaceList } from './place-list.ts';
import { defineName, isVisible, type Scope } from './scope.ts';
import { readValue, type OnnxValue, type ValueView } from './value-type.ts';
import { quoted } from './violation.ts';

/** Attributes that one node may have: the richest of the standard has 22. */
const MAX_NODE_ATTRIBUTES = 256;

/**
 * Walks every graph and function of a model, each once, from a list instead of by recursion: checks nodes, names,
 * attributes, tensors and sizes, and feeds the fingerprint. Only nodes with something to say cost memory.
 */
export class GraphWalk {
  /** Inputs of the main graph that a caller must give, and its outputs. */
  readonly inputs: OnnxValue[] = [];
  readonly outputs: OnnxValue[] = [];
  /** What the constants cost. */
  readonly cost: LoadCost;
  readonly operators: OperatorTable;
  readonly inspection: Inspection;
  readonly irVersion: number;
  /** What the fingerprint comes from. */
  readonly hash: CanonicalHash;
  /** For digests of parts; empty between two uses. */
  readonly side: CanonicalHash;
  readonly #functions: FunctionTable;
  /** Told of every part, with a digest of its own, if two models are compared. */
  readonly record: ((part: GraphPart) => void) | undefined;
  readonly #waiting: Scope[] = [];
  #graphs = 0;
  /** Id of the first name that a node of the scope at hand makes. */
  #firstMade = 0;

  readonly #cursor: Cursor;
  /** The node at hand. */
  readonly #node: NodePlaces = { ins: new PlaceList(), outs: new PlaceList(), attributes: [] };

  readonly #place: { scope: Scope | undefined; index: number; nameStart: number; nameEnd: number } = {
    scope: undefined,
    index: 0,
    nameStart: 0,
    nameEnd: 0,
  };
  /** Where the node at hand stands, for people: asked for only if something is wrong with it. */
  readonly #path = (): string => {
    const { scope, index, nameStart, nameEnd } = this.#place;
    const name = nameEnd > nameStart ? ` ${this.inspection.quotedText(nameStart, nameEnd)}` : '';
    return `${scope?.path ?? ''}/node[${index}]${name}`;
  };

  constructor(
    inspection: Inspection,
    irVersion: number,
    functions: FunctionTable,
    hash: CanonicalHash,
    record?: (part: GraphPart) => void,
  ) {
    this.inspection = inspection;
    this.irVersion = irVersion;
    this.#functions = functions;
    this.hash = hash;
    this.side = new CanonicalHash(inspection.bytes);
    this.record = record;
    this.#cursor = new Cursor(inspection.bytes);
    this.cost = new LoadCost(inspection);
    this.operators = new OperatorTable(inspection, functions.names);
  }

  /** Adds a scope to walk. */
  add(scope: Omit<Scope, 'names' | 'known'>): void {
    this.#waiting.push({ ...scope, names: undefined, known: [] });
  }

  /** Walks all that waits, and what turns up on the way. */
  run(): void {
    // Last in, first out: what is inside a graph follows it, so few names are held at a time.
    for (let scope = this.#waiting.pop(); scope !== undefined; scope = this.#waiting.pop()) {
      if (scope.isFunction) this.#walkFunction(scope);
      else this.#walkGraph(scope);
    }
    this.cost.check();
  }

  #walkGraph(scope: Scope): void {
    const inspection = this.inspection;
    const cursor = new Cursor(inspection.bytes).open(scope.start, scope.end);
    const inputs: number[] = [];
    const outputs: number[] = [];
    const initializers: number[] = [];
    const sparse: number[] = [];
    let nodes = 0;
    while (cursor.next()) {
      if (cursor.field === 1) nodes++;
      else if (cursor.field === 5) initializers.push(cursor.start, cursor.end);
      else if (cursor.field === 11) inputs.push(cursor.start, cursor.end);
      else if (cursor.field === 12) outputs.push(cursor.start, cursor.end);
      else if (cursor.field === 13) readValue(inspection, cursor.start, cursor.end, `${scope.path}/value`);
      else if (cursor.field === 15) sparse.push(cursor.start, cursor.end);
    }
    const names = new NameTable(
      inspection.bytes,
      nodes + (inputs.length + initializers.length + sparse.length) / 2,
    );
    scope.names = names;
    const isMain = scope.parent === undefined && scope.key === 'graph';

    const declared = defineInputs(inspection, scope, names, inputs);
    const filled = defineInitializers(this, scope, names, { initializers, sparse, inputs: declared.length });
    this.hash.count(declared.length - filled.size);
    for (const [id, value] of declared.entries()) {
      if (filled.has(id)) continue;
      this.#hashValue(value, isMain, scope, 'input');
      if (isMain) this.inputs.push({ name: value.name, type: value.type, dims: value.dims });
    }

    this.hash.count(nodes);
    this.#firstMade = names.size;
    this.#walkNodes(scope, names, cursor.open(scope.start, scope.end), 1);

    this.hash.count(outputs.length / 2);
    for (let index = 0; index < outputs.length; index += 2) {
      const path = `${scope.path}/output[${index / 2}]`;
      const value = readValue(inspection, outputs[index]!, outputs[index + 1]!, path);
      // A branch may give back a value of the graph around it.
      if (
        names.find(value.nameStart, value.nameEnd) === -1 &&
        !isVisible(scope.parent, value.nameStart, value.nameEnd)
      ) {
        const message = 'expected an output that some node makes, found no such name';
        inspection.violations.add(
          'name-undefined',
          `${path} ${inspection.quotedText(value.nameStart, value.nameEnd)}`,
          message,
        );
      }
      this.#hashValue(value, isMain, scope, 'output');
      if (isMain) this.outputs.push({ name: value.name, type: value.type, dims: value.dims });
    }
  }

  #walkFunction(scope: Scope): void {
    const { bytes } = this.inspection;
    const cursor = new Cursor(bytes).open(scope.start, scope.end);
    const names = (scope.names = new NameTable(bytes));
    const outputs: number[] = [];
    while (cursor.next()) {
      switch (cursor.field) {
        case 1:
        case 6:
        case 10:
        case 13:
          this.hash.count(cursor.field);
          this.hash.range(cursor.start, cursor.end);
          break;
        case 4:
          this.hash.count(4);
          this.hash.range(cursor.start, cursor.end);
          // A caller may give a constant, of which nothing is known here.
          if (defineName(this.inspection, scope, names, cursor.start, cursor.end, `${scope.path}/input`)) {
            scope.known[names.size - 1] = OPAQUE;
          }
          break;
        case 5:
          outputs.push(cursor.start, cursor.end);
          break;
        case 11:
          this.#readAttributes(scope, [cursor.start, cursor.end], () => `${scope.path}/default`, scope.key);
          break;
        case 12:
          readValue(this.inspection, cursor.start, cursor.end, `${scope.path}/value`);
          break;
      }
    }
    this.#firstMade = names.size;
    this.#walkNodes(scope, names, cursor.open(scope.start, scope.end), 7);
    this.hash.count(outputs.length / 2);
    for (let index = 0; index < outputs.length; index += 2) {
      this.hash.range(outputs[index]!, outputs[index + 1]!);
      if (names.find(outputs[index]!, outputs[index + 1]!) === -1) {
        const name = this.inspection.quotedText(outputs[index]!, outputs[index + 1]!);
        const message = 'expected an output that some node makes, found no such name';
        this.inspection.violations.add('name-undefined', `${scope.path}/output ${name}`, message);
      }
    }
  }

  /** By itself, so that the one long loop is compiled by itself. */
  #walkNodes(scope: Scope, names: NameTable, cursor: Cursor, field: number): void {
    let index = 0;
    while (cursor.next()) {
      if (cursor.field === field) this.#walkNode(scope, names, cursor.start, cursor.end, index++);
    }
  }

  #walkNode(scope: Scope, names: NameTable, start: number, end: number, index: number): void {
    const inspection = this.inspection;
    const cursor = this.#cursor.open(start, end);
    const { ins, outs, attributes } = this.#node;
    ins.count = outs.count = 0;
    // To cut an array gives its memory back: most nodes of a large graph have no attribute at all.
    if (attributes.length > 0) attributes.length = 0;
    let nameStart = 0;
    let nameEnd = 0;
    let typeStart = 0;
    let typeEnd = 0;
    let domainStart = 0;
    let domainEnd = 0;
    let overload = '';
    while (cursor.next()) {
      switch (cursor.field) {
        case 1:
          ins.push(cursor.start, cursor.end);
          break;
        case 2:
          outs.push(cursor.start, cursor.end);
          break;
        case 3:
          nameStart = cursor.start;
          nameEnd = cursor.end;
          break;
        case 4:
          typeStart = cursor.start;
          typeEnd = cursor.end;
          break;
        case 5:
          attributes.push(cursor.start, cursor.end);
          break;
        case 7:
          domainStart = cursor.start;
          domainEnd = cursor.end;
          break;
        case 8:
          overload = inspection.text(cursor.start, cursor.end);
          break;
      }
    }
    this.#place.scope = scope;
    this.#place.index = index;
    this.#place.nameStart = nameStart;
    this.#place.nameEnd = nameEnd;
    const path = this.#path;

    const use = this.operators.use(domainStart, domainEnd, typeStart, typeEnd);
    const callee = use.hasFunctions ? this.#functions.find(use.domain, use.type, overload) : -1;
    if (callee === -1) {
      if (!use.isChecked) this.operators.check(use, path());
      if (!scope.opsets.has(use.domain) && typeEnd > typeStart) {
        inspection.violations.add(
          'opset-missing',
          path(),
          `expected an import of the operator set, found none`,
        );
      }
    }
    this.#functions.count(scope.owner, callee);

    this.#resolve(scope, names, ins, path);
    const key = this.record === undefined ? '' : nodeKey(inspection, scope, use, outs, index);
    this.#hashNode(this.hash, use, overload);
    this.#readAttributes(scope, attributes, path, key);
    if (this.record !== undefined) this.#recordNode(scope, use, overload, key, path());

    const results = this.cost.evaluate(scope, use, callee, this.#node, path);
    for (let index = 0; index < outs.count; index++) {
      const from = outs.at[index * 2]!;
      const to = outs.at[index * 2 + 1]!;
      if (from === to || !defineName(inspection, scope, names, from, to, path)) continue;
      const value = results?.[index];
      if (value !== undefined) scope.known[names.size - 1] = value;
    }
  }

  /** Finds the inputs of a node among the names made before it. */
  #resolve(scope: Scope, names: NameTable, ins: PlaceList, path: () => string): void {
    for (let index = 0; index < ins.count; index++) {
      const start = ins.at[index * 2]!;
      const end = ins.at[index * 2 + 1]!;
      // Left out where it is empty.
      const id = start === end ? -1 : names.find(start, end);
      ins.ids[index] = id;
      if (id !== -1 || start === end || isVisible(scope.parent, start, end)) continue;
      const name = this.inspection.quotedText(start, end);
      this.inspection.violations.add(
        'name-undefined',
        path(),
        `expected inputs made before the node, found ${name}`,
      );
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

  /** Reads attributes in the order of their names, which is the order they have in a fingerprint. */
  #readAttributes(
    scope: Scope,
    places: readonly number[],
    path: () => string,
    key: string,
    quiet?: CanonicalHash,
  ): void {
    const inspection = quiet === undefined ? this.inspection : this.inspection.quiet();
    const hash = quiet ?? this.hash;
    hash.count(places.length / 2);
    if (places.length === 0) return;
    if (places.length / 2 > MAX_NODE_ATTRIBUTES) {
      throw new ModelError(
        'ERR_MODEL_LIMIT',
        `expected at most ${MAX_NODE_ATTRIBUTES} attributes per node, found more`,
      );
    }
    const sorted = attributesByName(inspection, places);
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
        this.add({ ...inner, path: innerPath, key: `${key}/${attribute}`, formals: scope.formals });
        return ++this.#graphs;
      },
    };
    let previous: string | undefined;
    for (const { name, start, end } of sorted) {
      if (name === previous) {
        inspection.violations.add(
          'attribute-duplicate',
          path(),
          'expected attributes of different names, found one twice',
        );
      }
      previous = name;
      readAttribute(context, start, end, path);
    }
  }

  #recordNode(scope: Scope, use: OperatorUse, overload: string, key: string, path: string): void {
    const hash = this.side;
    this.#hashNode(hash, use, overload, true);
    this.#readAttributes(scope, this.#node.attributes, () => path, key, hash);
    const operator = use.domain === 'ai.onnx' ? use.type : `${use.domain}.${use.type}`;
    this.record?.({ kind: 'node', key, path, operator, digest: hash.take() });
  }

  #hashValue(value: ValueView, isMain: boolean, scope: Scope, kind: 'input' | 'output'): void {
    this.hash.range(value.nameStart, value.nameEnd);
    this.hash.text(JSON.stringify([value.type, value.dims]));
    if (this.record === undefined || !isMain) return;
    const hash = this.side;
    hash.text(JSON.stringify([value.type, value.dims]));
    const path = `${scope.path}/${kind} ${this.inspection.quotedText(value.nameStart, value.nameEnd)}`;
    this.record({ kind, key: `${scope.key}/${kind}/${value.name}`, path, digest: hash.take() });
  }
}
