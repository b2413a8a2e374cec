import type { Inspection } from './inspection.ts';
import { Cursor } from './cursor.ts';
import { DEFAULT_DOMAIN, domainName } from './operator-table.ts';
import { quoted } from './violation.ts';

/** A FunctionProto: a name that nodes can call, and where its body stands. */
export interface FunctionView {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  readonly start: number;
  readonly end: number;
  /** Names of its attributes, with and without a default. */
  readonly attributes: ReadonlySet<string>;
  /** Imports of its own, as places. */
  readonly opsets: readonly number[];
}

/** The functions that a model defines, and who calls whom how often. */
export class FunctionTable {
  readonly functions: FunctionView[] = [];
  /** `domain\0name` of every function. */
  readonly names = new Set<string>();
  readonly #inspection: Inspection;
  readonly #byKey = new Map<string, number>();
  /** By caller (0 is the model's graphs, then the functions): nodes of its own, and calls by callee. */
  readonly #nodes: number[] = [0];
  readonly #calls: Map<number, number>[] = [new Map<number, number>()];

  constructor(inspection: Inspection, places: readonly number[]) {
    this.#inspection = inspection;
    for (let at = 0; at < places.length; at += 2) this.#add(places[at]!, places[at + 1]!);
  }

  /** The number of the function that a node calls, or -1. */
  find(domain: string, name: string, overload: string): number {
    return this.#byKey.get(`${domain}\0${name}\0${overload}`) ?? -1;
  }

  /** Counts a node of a caller (-1 is the model's graphs), and what it calls (-1 is an operator). */
  count(caller: number, callee: number): void {
    this.#nodes[caller + 1]!++;
    if (callee === -1) return;
    const calls = this.#calls[caller + 1]!;
    calls.set(callee, (calls.get(callee) ?? 0) + 1);
  }

  /** Checks, when every body has been walked, that no function reaches itself and that calls do not multiply too far. */
  checkCalls(): void {
    const { violations, limits } = this.#inspection;
    const order = this.#calleesFirst();
    if (order === undefined) {
      violations.add(
        'function-cycle',
        'functions',
        'expected functions that do not call themselves, found a circle',
      );
      return;
    }
    const expanded: number[] = [];
    for (const index of order) {
      let total = this.#nodes[index + 1]!;
      for (const [callee, times] of this.#calls[index + 1]!) total += times * (expanded[callee] ?? 0);
      expanded[index] = total;
    }
    let total = this.#nodes[0]!;
    for (const [callee, times] of this.#calls[0]!) total += times * (expanded[callee] ?? 0);
    if (total > limits.maxNodes) {
      const message = `expected at most ${limits.maxNodes} nodes when every call is replaced by its function, found ${total}`;
      violations.add('function-expansion', 'functions', message);
    }
  }

  /** The functions so that each stands behind those it calls (Kahn's algorithm); `undefined` if there is a circle. */
  #calleesFirst(): readonly number[] | undefined {
    const callers: number[][] = this.functions.map(() => []);
    const open = this.functions.map((_, index) => this.#calls[index + 1]!.size);
    for (const index of this.functions.keys()) {
      for (const callee of this.#calls[index + 1]!.keys()) callers[callee]!.push(index);
    }
    const order = [...this.functions.keys()].filter((index) => open[index] === 0);
    for (const index of order) {
      for (const caller of callers[index]!) {
        open[caller]!--;
        if (open[caller] === 0) order.push(caller);
      }
    }
    return order.length === this.functions.length ? order : undefined;
  }

  #add(start: number, end: number): void {
    const { violations } = this.#inspection;
    const view = readFunction(this.#inspection, start, end);
    const path = `functions[${this.functions.length}] ${quoted(view.name)}`;
    const key = `${view.domain}\0${view.name}\0${view.overload}`;
    if (view.name === '') violations.add('name-missing', path, 'expected a function with a name');
    if (this.#byKey.has(key)) {
      violations.add('function-duplicate', path, 'expected functions of different names, found one twice');
    }
    if (view.domain === DEFAULT_DOMAIN || view.domain.startsWith('ai.onnx.')) {
      const message = `expected functions in a domain of their own, found ${quoted(view.domain)}`;
      violations.add('function-domain', path, message);
    }
    this.#byKey.set(key, this.functions.length);
    this.names.add(`${view.domain}\0${view.name}`);
    this.functions.push(view);
    this.#nodes.push(0);
    this.#calls.push(new Map());
  }
}

function readFunction(inspection: Inspection, start: number, end: number): FunctionView {
  const cursor = new Cursor(inspection.bytes).open(start, end);
  const inner = new Cursor(inspection.bytes);
  let [domain, name, overload] = ['', '', ''];
  const attributes = new Set<string>();
  const opsets: number[] = [];
  while (cursor.next()) {
    if (cursor.field === 1) name = inspection.text(cursor.start, cursor.end);
    else if (cursor.field === 6) attributes.add(inspection.text(cursor.start, cursor.end));
    else if (cursor.field === 9) opsets.push(cursor.start, cursor.end);
    else if (cursor.field === 10) domain = inspection.text(cursor.start, cursor.end);
    else if (cursor.field === 13) overload = inspection.text(cursor.start, cursor.end);
    else if (cursor.field === 11) {
      inner.open(cursor.start, cursor.end);
      while (inner.next()) if (inner.field === 1) attributes.add(inspection.text(inner.start, inner.end));
    }
  }
  return { domain: domainName(domain), name, overload, start, end, attributes, opsets };
}
