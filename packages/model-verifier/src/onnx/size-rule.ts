import { bounded, hasOpen, known, OPAQUE, type KnownValue } from './known-value.ts';
import type { OperatorCall } from './operator-call.ts';

/** What an operator makes, as far as it can be said: one entry per output, the rest is made while running. */
export type SizeRule = (call: OperatorCall) => readonly (KnownValue | undefined)[];

/** A rule for the first output alone. */
export const one = (value: KnownValue | undefined): readonly (KnownValue | undefined)[] => [value];

/** An axis counted from the front. */
export const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** A tensor that some input fixes the shape of. `bits` are those of the data. */
export function shaped(
  call: OperatorCall,
  dims: readonly number[] | undefined,
  bits: number,
  isConstant: boolean,
): KnownValue | undefined {
  if (dims === undefined) return call.isUnbounded && isConstant ? OPAQUE : undefined;
  return known(isConstant, bits, dims);
}

/** The same without its values. */
export const bare = ({ bits, dims, elements }: KnownValue, isConstant: boolean): KnownValue => ({
  isConstant,
  bits,
  dims,
  elements,
  values: undefined,
  isInteger: false,
});

/** No more elements than the first input has, in dims that are not followed. */
export const noMoreThanFirst: SizeRule = (call) => {
  const [first] = call.inputs;
  if (first === undefined) return [];
  return Array.from({ length: call.outputs }, () =>
    bounded(call.isConstant, Math.max(first.bits, 64), first.elements),
  );
};

/** Dims with 1 for every open one. */
export const closed = (dims: readonly number[]): readonly number[] =>
  dims.map((dim) => (Number.isNaN(dim) ? 1 : dim));

/** A tensor of these dims; where they are open, as large at least as it is with open dims of `least`. */
export function atLeast(
  call: OperatorCall,
  bits: number,
  dims: readonly number[],
  least: readonly number[],
): KnownValue {
  const value = known(call.isConstant, bits, dims);
  return hasOpen(dims) ? { ...value, elements: known(false, bits, least).elements } : value;
}

/** For data made while running: a lower bound of the size, of which nothing else follows. */
export function sizeOnly(call: OperatorCall, dims: readonly number[], bits: number): KnownValue {
  return { ...known(false, bits, dims), dims: undefined, values: undefined, isConstant: call.isConstant };
}
