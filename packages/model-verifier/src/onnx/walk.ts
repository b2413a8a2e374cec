import { CanonicalHash } from './canonical-hash.ts';
import { Cursor } from './cursor.ts';
import { DeclaredDims } from './declared-dims.ts';
import { defineInitializers, defineInputs } from './definitions.ts';
import type { FunctionTable } from './function-table.ts';
import type { GraphPart } from './graph-part.ts';
import type { Inspection } from './inspection.ts';
import { OPAQUE } from './known-value.ts';
import { LoadCost } from './load-cost.ts';
import { NameTable } from './name-table.ts';
import { NodeWalk } from './node-walk.ts';
import { OperatorTable } from './operator-table.ts';
import { defineName, isVisible, type NewScope, type Scope } from './scope.ts';
import { readValue, type OnnxValue, type ValueView } from './value-type.ts';

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
  readonly functions: FunctionTable;
  /** Told of every part, with a digest of its own, if two models are compared. */
  readonly record: ((part: GraphPart) => void) | undefined;
  readonly #waiting: Scope[] = [];
  readonly #nodes: NodeWalk;

  constructor(
    inspection: Inspection,
    irVersion: number,
    functions: FunctionTable,
    hash: CanonicalHash,
    record?: (part: GraphPart) => void,
  ) {
    this.inspection = inspection;
    this.irVersion = irVersion;
    this.functions = functions;
    this.hash = hash;
    this.side = new CanonicalHash(inspection.bytes);
    this.record = record;
    this.cost = new LoadCost(inspection);
    this.operators = new OperatorTable(inspection, functions.names);
    this.#nodes = new NodeWalk(this);
  }

  /** Adds a scope to walk. */
  add(scope: NewScope): void {
    this.#waiting.push({ ...scope, names: undefined, declared: undefined, known: [] });
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
    const infos: number[] = [];
    let nodes = 0;
    while (cursor.next()) {
      if (cursor.field === 1) nodes++;
      else if (cursor.field === 5) initializers.push(cursor.start, cursor.end);
      else if (cursor.field === 11) inputs.push(cursor.start, cursor.end);
      else if (cursor.field === 12) outputs.push(cursor.start, cursor.end);
      else if (cursor.field === 13) infos.push(cursor.start, cursor.end);
      else if (cursor.field === 15) sparse.push(cursor.start, cursor.end);
    }
    const names = new NameTable(
      inspection.bytes,
      nodes + (inputs.length + initializers.length + sparse.length) / 2,
    );
    scope.names = names;
    const isMain = scope.parent === undefined && scope.key === 'graph';

    const dims = (scope.declared = new DeclaredDims(inspection.bytes));
    for (let index = 0; index < infos.length; index += 2)
      dims.add(readValue(inspection, infos[index]!, infos[index + 1]!, `${scope.path}/value`));
    const results: ValueView[] = [];
    for (let index = 0; index < outputs.length; index += 2) {
      const path = `${scope.path}/output[${index / 2}]`;
      results.push(readValue(inspection, outputs[index]!, outputs[index + 1]!, path));
    }
    for (const value of results) dims.add(value);

    const declared = defineInputs(inspection, scope, names, inputs);
    const filled = defineInitializers(this, scope, names, { initializers, sparse, inputs: declared.length });
    this.hash.count(declared.length - filled.size);
    for (const [id, value] of declared.entries()) {
      if (filled.has(id)) continue;
      this.#hashValue(value, isMain, scope, 'input');
      if (isMain) this.inputs.push({ name: value.name, type: value.type, dims: value.dims });
    }

    this.hash.count(nodes);
    this.#walkNodes(scope, names, cursor.open(scope.start, scope.end), 1);

    this.hash.count(outputs.length / 2);
    for (const [index, value] of results.entries()) {
      // A branch may give back a value of the graph around it.
      if (
        names.find(value.nameStart, value.nameEnd) === -1 &&
        !isVisible(scope.parent, value.nameStart, value.nameEnd)
      ) {
        const message = 'expected an output that some node makes, found no such name';
        inspection.violations.add(
          'name-undefined',
          `${scope.path}/output[${index}] ${inspection.quotedText(value.nameStart, value.nameEnd)}`,
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
          this.#nodes.readAttributes(
            scope,
            [cursor.start, cursor.end],
            () => `${scope.path}/default`,
            scope.key,
          );
          break;
        case 12:
          readValue(this.inspection, cursor.start, cursor.end, `${scope.path}/value`);
          break;
      }
    }
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
    this.#nodes.open(scope, names);
    while (cursor.next()) {
      if (cursor.field === field) this.#nodes.next(scope, names, cursor.start, cursor.end);
    }
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
