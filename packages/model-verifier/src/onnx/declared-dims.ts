import { known, type KnownValue } from './known-value.ts';
import { NameTable } from './name-table.ts';
import type { ValueView } from './value-type.ts';

/**
 * Dims that a graph declares of values that its nodes make. They hold nothing to their word, but a runtime takes them
 * where it can infer nothing itself.
 */
export class DeclaredDims {
  readonly #names: NameTable;
  /** By id of the name; `null` where the graph says two things. */
  readonly #dims: (readonly number[] | null)[] = [];

  constructor(bytes: Uint8Array) {
    this.#names = new NameTable(bytes);
  }

  add({ dims, nameStart, nameEnd }: ValueView): void {
    if (nameStart === nameEnd || dims?.some((dim) => typeof dim === 'number') !== true) return;
    const id = this.#names.add(nameStart, nameEnd);
    if (id < 0) this.#dims[-1 - id] = null;
    else this.#dims.push(dims.map((dim) => (typeof dim === 'number' ? dim : NaN)));
  }

  /** The dims of a name, `NaN` where nothing is said; `undefined` if that is everywhere, `null` if it is disputed. */
  find(start: number, end: number): readonly number[] | null | undefined {
    if (this.#dims.length === 0) return undefined;
    const id = this.#names.find(start, end);
    return id === -1 ? undefined : this.#dims[id];
  }
}

/** What a runtime may take a value for: what is open is as declared, and where the two differ nothing is known. */
export function mergeDims(
  value: KnownValue | undefined,
  declared: readonly number[] | null | undefined,
): KnownValue | undefined {
  if (declared === undefined || value?.dims === undefined || value.isConstant) return value;
  if (declared === null) return undefined;
  const { dims } = value;
  const differs = dims.some((dim, axis) => {
    const other = declared[axis] ?? NaN;
    return !Number.isNaN(dim) && !Number.isNaN(other) && dim !== other;
  });
  if (differs || dims.length !== declared.length) return undefined;
  if (dims.every((dim, axis) => !Number.isNaN(dim) || Number.isNaN(declared[axis]))) return value;
  const merged = dims.map((dim, axis) => (Number.isNaN(dim) ? declared[axis]! : dim));
  return known(false, value.bits, merged, value.values, value.isInteger);
}
