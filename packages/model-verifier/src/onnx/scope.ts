import type { DeclaredDims } from './declared-dims.ts';
import type { Inspection } from './inspection.ts';
import type { KnownValue } from './known-value.ts';
import type { NameTable } from './name-table.ts';

/** A graph, or the body of a function, that is walked or waits for it. */
export interface Scope {
  readonly isFunction: boolean;
  readonly start: number;
  readonly end: number;
  /** For people: `graph/node[3] "if"/attribute "then_branch"/graph`. */
  readonly path: string;
  /** For comparing two models: the same, by outputs instead of positions. */
  readonly key: string;
  /** The scope whose names it sees. */
  readonly parent: Scope | undefined;
  /** The function it belongs to, by its number in the model; -1 outside functions. */
  readonly owner: number;
  /** Versions of the operator sets in force, by domain. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Names of the attributes of the function around it. */
  readonly formals: ReadonlySet<string> | undefined;
  /** Set when its walk starts. */
  names: NameTable | undefined;
  /** Dims that the graph declares; set when its walk starts. */
  declared: DeclaredDims | undefined;
  /** What is known of values, by the id of their name. */
  readonly known: (KnownValue | undefined)[];
}

/** A scope that has not been walked. */
export type NewScope = Omit<Scope, 'names' | 'declared' | 'known'>;

/** Whether an outer scope has this name. */
export function isVisible(scope: Scope | undefined, start: number, end: number): boolean {
  for (let outer = scope; outer !== undefined; outer = outer.parent) {
    if ((outer.names?.find(start, end) ?? -1) !== -1) return true;
  }
  return false;
}

/** What is known of the value of this name, here or further out. */
export function lookUp(scope: Scope, start: number, end: number): KnownValue | undefined {
  for (let outer: Scope | undefined = scope; outer !== undefined; outer = outer.parent) {
    const id = outer.names?.find(start, end) ?? -1;
    if (id !== -1) return outer.known[id];
  }
  return undefined;
}

/** Whether anything is known of any value in sight. */
export function knowsAnything(scope: Scope): boolean {
  for (let outer: Scope | undefined = scope; outer !== undefined; outer = outer.parent) {
    if (outer.known.length > 0) return true;
  }
  return false;
}

/** Adds a name to a scope; `false` if that is a violation. `path` is asked for only then. */
export function defineName(
  inspection: Inspection,
  scope: Scope,
  names: NameTable,
  start: number,
  end: number,
  path: string | (() => string),
): boolean {
  const { violations } = inspection;
  if (start === end) {
    violations.add('name-missing', placeOf(path), 'expected a name');
    return false;
  }
  if (names.add(start, end) < 0) {
    const name = inspection.quotedText(start, end);
    const message = `expected every value to be made once, found ${name} twice`;
    violations.add('name-duplicate', placeOf(path), message);
    return false;
  }
  if (scope.parent !== undefined && isVisible(scope.parent, start, end)) {
    const name = inspection.quotedText(start, end);
    const message = `expected names that the graph around it has not, found ${name}`;
    violations.add('name-shadowed', placeOf(path), message);
  }
  return true;
}

function placeOf(path: string | (() => string)): string {
  return typeof path === 'string' ? path : path();
}
