import { isDeepStrictEqual } from 'node:util';
import type { ModelLockDocument } from './document.ts';

/** One difference between two locks. */
export interface LockDifference {
  /** What happened to it. */
  readonly change: 'added' | 'removed' | 'changed';
  /** Name of the model or candidate. */
  readonly model: string;
  /** Where in the entry: `source.url`, `files[faces/model.onnx].sha256`; empty for the entry itself. */
  readonly where: string;
  /** Value before, as JSON text; absent for what was added. */
  readonly before?: string;
  /** Value after, as JSON text; absent for what was removed. */
  readonly after?: string;
}

/**
 * Compares two locks by content, not by text: the order of keys and of models makes no difference, the order of files
 * does not either.
 *
 * @returns Every difference, by model name; empty if both promise the same.
 */
export function diffModelLocks(
  before: ModelLockDocument,
  after: ModelLockDocument,
): readonly LockDifference[] {
  const a = entriesOf(before);
  const b = entriesOf(after);
  const names = [...new Set([...a.keys(), ...b.keys()])].sort();
  return names.flatMap((model): LockDifference[] => {
    const old = a.get(model);
    const now = b.get(model);
    if (old === undefined) return [{ change: 'added', model, where: '', after: JSON.stringify(now) }];
    if (now === undefined) return [{ change: 'removed', model, where: '', before: JSON.stringify(old) }];
    const differences: LockDifference[] = [];
    compare(old, now, '', (where, left, right) => {
      differences.push({
        change: left === undefined ? 'added' : right === undefined ? 'removed' : 'changed',
        model,
        where,
        ...(left !== undefined && { before: JSON.stringify(left) }),
        ...(right !== undefined && { after: JSON.stringify(right) }),
      });
    });
    return differences;
  });
}

/** A candidate that became a model has changed, and one of both names is enough to see it. */
function entriesOf({ models, candidates = {} }: ModelLockDocument): Map<string, unknown> {
  return new Map<string, unknown>([
    ...Object.entries(candidates).map(([name, entry]) => [name, { ...entry, candidate: true }] as const),
    ...Object.entries(models),
  ]);
}

type Report = (where: string, before: unknown, after: unknown) => void;

function compare(before: unknown, after: unknown, where: string, report: Report): void {
  if (isDeepStrictEqual(before, after)) return;
  const a = keyed(before);
  const b = keyed(after);
  if (a === undefined || b === undefined) {
    report(where, before, after);
    return;
  }
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    compare(
      a.get(key),
      b.get(key),
      key.startsWith('[') || where === '' ? where + key : `${where}.${key}`,
      report,
    );
  }
}

/** The parts of a value that are compared one by one: the fields of an object, files and tensors by their name. */
function keyed(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const named = value.map((item: unknown): [string, unknown] => [`[${nameOf(item)}]`, item]);
  return new Set(named.map(([name]) => name)).size === named.length ? new Map(named) : undefined;
}

function nameOf(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item);
  const { path, name } = item as { readonly path?: unknown; readonly name?: unknown };
  return typeof path === 'string' ? path : typeof name === 'string' ? name : JSON.stringify(item);
}
