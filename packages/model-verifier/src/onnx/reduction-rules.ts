import { bounded, hasOpen, known } from './known-value.ts';
import { fromFront, noMoreThanFirst, one, type SizeRule } from './size-rule.ts';

// Operators that make as many elements as they are given, or fewer.

/** Inputs: data and, in newer versions, axes; else an attribute. `isList` for axes, not one `axis` alone. */
const reduction =
  (isList: boolean): SizeRule =>
  (call) => {
    const [data] = call.inputs;
    if (data?.dims === undefined || call.isConstant) return noMoreThanFirst(call);
    const rank = data.dims.length;
    const given = isList ? (call.ints('axes') ?? call.inputs[1]?.values) : [call.int('axis') ?? 0];
    const isUnknown = isList && given === undefined && call.isGiven(1);
    if (isUnknown || (given !== undefined && hasOpen(given))) return noMoreThanFirst(call);
    // No axes are all of them, unless that is what the attribute says.
    const isEmpty = given === undefined || given.length === 0;
    if (isEmpty && call.int('noop_with_empty_axes') === 1) return one({ ...data, values: undefined });
    const axes = new Set(isEmpty ? data.dims.keys() : given.map((axis) => fromFront(axis, rank)));
    const keeps = (call.int('keepdims') ?? 1) === 1;
    const dims = data.dims.flatMap((dim, axis) => (!axes.has(axis) ? [dim] : keeps ? [1] : []));
    return one(known(false, 64, dims));
  };

export const reduce: SizeRule = reduction(true);
export const argument: SizeRule = reduction(false);

/** One element a channel. */
export const globalPool: SizeRule = (call) => {
  const [data] = call.inputs;
  if (data?.dims === undefined || call.isConstant) return noMoreThanFirst(call);
  return one(
    known(
      false,
      data.bits,
      data.dims.map((dim, axis) => (axis < 2 ? dim : 1)),
    ),
  );
};

/** Two dims: what stands in front of the axis, and the rest. */
export const flatten: SizeRule = (call) => {
  const [data] = call.inputs;
  if (data?.dims === undefined || call.isConstant) {
    return data === undefined ? [] : one(bounded(call.isConstant, data.bits, data.elements));
  }
  const axis = fromFront(call.int('axis') ?? 1, data.dims.length);
  const product = (dims: readonly number[]): number => dims.reduce((total, dim) => total * dim, 1);
  return one(known(false, data.bits, [product(data.dims.slice(0, axis)), product(data.dims.slice(axis))]));
};

/** One coordinate per axis for every element. */
export const nonZero: SizeRule = (call) => {
  const [data] = call.inputs;
  if (data === undefined) return [];
  const elements = data.elements === undefined ? undefined : data.elements * (data.dims?.length ?? 16);
  return one(bounded(call.isConstant, 64, elements));
};

/** Three numbers for each box that is kept: at most all boxes, once for each class. */
export const suppression: SizeRule = (call) => {
  const scores = call.inputs[1]?.elements;
  return one(bounded(call.isConstant, 64, scores === undefined ? undefined : scores * 3));
};
