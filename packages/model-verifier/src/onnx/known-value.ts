import { elementsOf } from './tensor.ts';

/** Values of a tensor that are followed: shapes, repeats, pads and scales are shorter. */
export const MAX_VALUES = 256;

/** What can be said of a tensor before anything runs. */
export interface KnownValue {
  /** Whether a session would compute it when it is created. Otherwise only its dims are known. */
  readonly isConstant: boolean;
  /** Bits of one element. */
  readonly bits: number;
  /** Its dims, if they are known; `NaN` for one that stays open until a model runs, whoever infers it. */
  readonly dims: readonly number[] | undefined;
  /** Its elements at most, if a bound is known; of dims that are open, at least. */
  readonly elements: number | undefined;
  /** Its values, if it is small and they are known; `NaN` for one made of an open dim. */
  readonly values: readonly number[] | undefined;
  /** Whether the values are integers by type, so that arithmetic on them cuts and wraps. */
  readonly isInteger: boolean;
}

/** A constant of which nothing else is known. */
export const OPAQUE: KnownValue = {
  isConstant: true,
  bits: 64,
  dims: undefined,
  elements: undefined,
  values: undefined,
  isInteger: false,
};

/** A tensor of these dims; values that do not fit them, or are too many, are dropped. */
export function known(
  isConstant: boolean,
  bits: number,
  dims: readonly number[] | undefined,
  values?: readonly number[],
  isInteger = false,
): KnownValue {
  // What is no size at all counts as an infinite one, so that it is over every limit.
  const elements = dims === undefined || hasOpen(dims) ? undefined : sizeOf(dims);
  const fits = values?.length === elements && values !== undefined && values.length <= MAX_VALUES;
  return { isConstant, bits, dims, elements, values: fits ? values : undefined, isInteger };
}

/**
 * A constant of at most so many elements. Of a value made while running such a bound, which may be far off, says
 * nothing that its operator does not say better then.
 */
export function bounded(
  isConstant: boolean,
  bits: number,
  elements: number | undefined,
): KnownValue | undefined {
  if (!isConstant) return undefined;
  return { isConstant, bits, dims: undefined, elements, values: undefined, isInteger: false };
}

/** How many elements a value has, every open dim taken for 1; `undefined` where nothing is known. */
export function elementsAtLeast({ dims, elements }: KnownValue): number | undefined {
  return elements ?? (dims === undefined ? undefined : sizeOf(dims.filter((dim) => !Number.isNaN(dim))));
}

/** Whether one of these dims or values stays open until a model runs. */
export function hasOpen(sizes: readonly number[]): boolean {
  return sizes.some((size) => Number.isNaN(size));
}

function sizeOf(dims: readonly number[]): number {
  const elements = elementsOf(dims);
  return Number.isNaN(elements) ? Infinity : elements;
}

/** The dims that come out when tensors of these dims are combined element by element (multidirectional broadcast). */
export function broadcast(shapes: readonly (readonly number[])[]): readonly number[] {
  const rank = Math.max(0, ...shapes.map((dims) => dims.length));
  return Array.from({ length: rank }, (_, axis) => {
    let size = 1;
    let isOpen = false;
    for (const dims of shapes) {
      const dim = dims[dims.length - rank + axis] ?? 1;
      if (dim === 0) return 0;
      if (Number.isNaN(dim)) isOpen = true;
      else size = Math.max(size, dim);
    }
    // One above 1 decides: an open one has to be as large, or 1.
    return size === 1 && isOpen ? NaN : size;
  });
}
